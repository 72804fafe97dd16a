#include "wire/name.h"

#include "wire/suffixes.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <string.h>
#include <strings.h>

/* The length of a name without its final dot. An escaped dot ("\.") belongs to the last label. */
static size_t bare_length(const char *name)
{
    size_t n = strlen(name);
    if (!n || name[n - 1] != '.')
        return n;
    size_t slashes = 0;
    while (slashes < n - 1 && name[n - 2 - slashes] == '\\')
        slashes++;
    return slashes % 2 ? n : n - 1;
}

/* The first dot between labels, or the end. */
static const char *label_end(const char *p, const char *end)
{
    for (; p < end && *p != '.'; p++)
        if (*p == '\\' && p + 1 < end)
            p++;
    return p;
}

const char *name_parent(const char *name)
{
    const char *end = name + bare_length(name), *dot = label_end(name, end);
    return dot < end ? dot + 1 : NULL;
}

unsigned name_labels(const char *name)
{
    unsigned n = 0;
    const char *end = name + bare_length(name);
    for (const char *p = name; p < end; n++) {
        p = label_end(p, end);
        if (p < end)
            p++;
    }
    return n;
}

bool name_equal(const char *a, const char *b)
{
    if (a == b)
        return true;
    size_t n = bare_length(a);
    return n == bare_length(b) && !strncasecmp(a, b, n);
}

bool name_within(const char *name, const char *ancestor)
{
    size_t most = bare_length(ancestor), n = bare_length(name);
    if (!most)
        return true; /* everything is below the root */
    const char *end = name + n, *p = name;
    while ((size_t)(end - p) > most) {
        p = label_end(p, end);
        if (p == end)
            return false;
        p++;
    }
    return (size_t)(end - p) == most && !strncasecmp(p, ancestor, most);
}

/* ---------------------------------------------------------------- public suffixes -------------------- */

enum { SUFFIX_LABELS = 6, SUFFIX_ROOM = SUFFIX_LABELS * 64 };

/* The name's last labels, in lower case. No suffix of the list is longer than SUFFIX_LABELS, and none has a label of
 * more than 63 bytes, so what is cut off on the left cannot be part of a suffix. Returns the position in name where the
 * text in out starts. */
static const char *lower_tail(const char *name, char out[SUFFIX_ROOM])
{
    const char *end = name + bare_length(name), *start = end, *last[SUFFIX_LABELS] = {NULL};
    unsigned n = 0;
    for (const char *p = name; p < end; n++) {
        last[n % SUFFIX_LABELS] = p;
        p = label_end(p, end);
        if (p < end)
            p++;
    }
    for (unsigned i = 1; i <= n && i <= SUFFIX_LABELS; i++) {
        const char *label = last[(n - i) % SUFFIX_LABELS];
        if (end - label >= SUFFIX_ROOM)
            break;
        start = label;
    }
    size_t len = (size_t)(end - start);
    for (size_t i = 0; i < len; i++)
        out[i] = start[i] >= 'A' && start[i] <= 'Z' ? (char)(start[i] | 0x20) : start[i];
    out[len] = '\0';
    return start;
}

const char *name_registrable(const char *name)
{
    char text[SUFFIX_ROOM];
    const char *start = lower_tail(name, text), *below = NULL;
    /* The longest candidate comes first, because the parent of a suffix need not be a suffix (nes.buskerud.no). */
    for (const char *p = text; p && *p; p = name_parent(p)) {
        if (suffixes_except(p))
            return start + (p - text);
        if (suffixes_hold(p)) {
            if (below)
                return below;
            /* The whole tail is a suffix. So the name is a suffix, too, unless it has a label before the tail. */
            if (start == name)
                return NULL;
            const char *label = name;
            for (const char *up = name_parent(name); up != start; up = name_parent(up))
                label = up;
            return label;
        }
        below = start + (p - text);
    }
    return NULL;
}

bool name_is_public_suffix(const char *name)
{
    char text[SUFFIX_ROOM];
    return lower_tail(name, text) == name && suffixes_hold(text);
}

/* ---------------------------------------------------------------- shape and display ------------------ */

bool name_is_host(const char *name)
{
    size_t n = bare_length(name);
    if (!n || n > 253)
        return false;
    for (const char *p = name, *end = name + n;; p++) {
        size_t len = strcspn(p, ".");
        if (len > (size_t)(end - p))
            len = (size_t)(end - p);
        if (!len || len > 63 || p[0] == '-' || p[len - 1] == '-')
            return false;
        for (size_t i = 0; i < len; i++)
            if (!(p[i] >= 'a' && p[i] <= 'z') && !(p[i] >= 'A' && p[i] <= 'Z') &&
                !(p[i] >= '0' && p[i] <= '9') && p[i] != '-')
                return false;
        p += len;
        if (p == end)
            return true;
        if (p + 1 == end) /* a second final dot */
            return false;
    }
}

bool name_is_ip(const char *text)
{
    char bare[INET6_ADDRSTRLEN];
    unsigned char raw[16];
    size_t n = bare_length(text);
    if (!n || n >= sizeof bare)
        return false;
    memcpy(bare, text, n);
    bare[n] = '\0';
    return inet_pton(AF_INET, bare, raw) == 1 || inet_pton(AF_INET6, bare, raw) == 1;
}

const char *name_display(struct arena *a, const char *domain)
{
    char *text = NULL;
    if (!strcasestr(domain, "xn--") || idn2_to_unicode_8z8z(domain, &text, 0) != IDN2_OK)
        return domain;
    /* The owner of the domain chose this text, so it may contain anything. */
    char *shown = text_escape(a, text, strlen(text), SIZE_MAX / 8);
    idn2_free(text);
    return shown;
}
