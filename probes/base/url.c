#include "base/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

unsigned url_port(bool https)
{
    return https ? 443 : 80;
}

bool url_read(struct arena *a, const char *text, struct url *ret)
{
    struct url u = {0};
    if (!strncasecmp(text, "https://", 8)) {
        u.https = true;
        text += 8;
    } else if (!strncasecmp(text, "http://", 7)) {
        text += 7;
    } else {
        return false;
    }
    u.port = url_port(u.https);
    size_t n = strcspn(text, "/?#");
    const char *at = memrchr(text, '@', n); /* skip "user:password@" */
    if (at) {
        n -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    bool bracket = *text == '[';
    const char *close = bracket ? memchr(text, ']', n) : NULL;
    if (bracket && !close)
        return false;
    const char *colon = close ? close + 1 : memchr(text, ':', n);
    size_t host = close ? (size_t)(close - text) - 1 : colon ? (size_t)(colon - text) : n;
    if (colon && colon < text + n) {
        if (*colon != ':')
            return false;
        char *end;
        unsigned long port = strtoul(colon + 1, &end, 10);
        if (end != text + n || port > 65535 || (end != colon + 1 && (colon[1] < '0' || colon[1] > '9')))
            return false;
        if (end != colon + 1)
            u.port = (unsigned)port;
    }
    u.host = arena_strndup(a, text + bracket, host);
    if (!u.host || !host)
        return false;
    *ret = u;
    return true;
}
