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
    const char *name = text + bracket;
    if (!bracket && host > 1 && name[host - 1] == '.' && name[host - 2] != '.')
        host--; /* the same host: a final dot only says that the name is absolute (RFC 3986 3.2.2) */
    u.host = arena_strndup(a, name, host);
    if (!u.host || !host)
        return false;
    *ret = u;
    return true;
}

/* ---------------------------------------------------------------- syntax ----------------------------- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* The characters of a part of a URL: unreserved, percent-encoded and sub-delims (RFC 3986 2), and those of `also`.
 * Bytes outside ASCII pass, because clients send them on as they are or percent-encoded. */
static bool holds_only(const char *p, size_t n, const char *also)
{
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        bool letter = (c | 32) >= 'a' && (c | 32) <= 'z', digit = c >= '0' && c <= '9';
        if (c == '%' && (n - i < 3 || !is_hex(p[i + 1]) || !is_hex(p[i + 2])))
            return false;
        if (!((unsigned char)c & 0x80) && !letter && !digit && !strchr("-._~!$&'()*+,;=%", c) && !strchr(also, c))
            return false;
    }
    return true;
}

/* The length of "scheme" in "scheme:…", or 0 where the text has no scheme (RFC 3986 3.1). */
static size_t scheme_length(const char *text)
{
    size_t n = strcspn(text, ":/?#");
    bool letter = (text[0] | 32) >= 'a' && (text[0] | 32) <= 'z';
    return text[n] == ':' && letter ? n : 0;
}

bool url_reference_sound(const char *text)
{
    size_t scheme = scheme_length(text);
    bool web = (scheme == 4 && !strncasecmp(text, "http", 4)) || (scheme == 5 && !strncasecmp(text, "https", 5));
    if (scheme && !web)
        return true;
    const char *p = scheme ? text + scheme + 1 : text;
    if (web && strncmp(p, "//", 2) != 0)
        return false;
    if (!strncmp(p, "//", 2)) {
        p += 2;
        size_t n = strcspn(p, "/?#");
        if (!n || !holds_only(p, n, ":@[]"))
            return false;
        p += n;
    }
    size_t path = strcspn(p, "?#"), query = p[path] == '?' ? strcspn(p + path, "#") : 0;
    const char *fragment = p + path + query;
    return holds_only(p, path, ":@/") && (!query || holds_only(p + path + 1, query - 1, ":@/?")) &&
           (!*fragment || holds_only(fragment + 1, strlen(fragment + 1), ":@/?"));
}
