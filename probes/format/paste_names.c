/* paste_names.c - the domains that a text speaks of, for an error that does not name its own. */
#include "format/paste_inner.h"

#include "ca/profile.h"
#include "wire/name.h"
#include "wire/name_read.h"

#include <string.h>
#include <strings.h>

enum { NAMES_MOST = 100, NAME_MOST = 253 };

struct paste_names {
    size_t n;
    struct mention {
        const char *domain;
        size_t at;
        bool announced; /* by a word such as "for" */
    } v[NAMES_MOST];
};

const char *paste_domain(struct arena *a, const char *p, size_t n)
{
    struct name name;
    if (!n || n > 4 * NAME_MOST || memchr(p, 0, n) || name_read(a, p, n, &name) || name.code != CODE_NONE ||
        name.is_ip)
        return NULL;
    return name.wildcard ? arena_printf(a, "*.%s", name.domain) : name.domain;
}

static bool in_name(char c)
{
    return paste_is_word(c) || c == '.' || c == '*' || (unsigned char)c >= 0x80;
}

/* Whether the word before `at` announces a domain. */
static bool is_announced(const char *p, size_t at)
{
    static const char *const words[] = {
        "for",  "domain", "domains", "host", "hostname", "common_name", "dns_name",    "dns_names",
        "fqdn", "zone",   "on",      "of",   "site",     "website",     "domain_name", "cn"};
    while (at && !paste_is_word(p[at - 1]) && p[at - 1] != '\n' && p[at - 1] != '}')
        at--;
    size_t end = at;
    while (at && paste_is_word(p[at - 1]))
        at--;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == end - at && !strncasecmp(words[i], p + at, end - at))
            return true;
    return false;
}

/* The CA's own hosts stand in every URL of its API. */
static bool is_of_the_ca(const char *domain)
{
    const struct texts *own = &profile_builtin()->caa_identifiers;
    for (size_t i = 0; i < own->n; i++)
        if (name_within(domain, own->v[i]))
            return true;
    return false;
}

/* Whether a name at p may stand for a domain and not for a file, a member of an object or a mail address. */
static bool is_mention(const char *p, size_t n, size_t at, size_t end)
{
    char before = at ? p[at - 1] : ' ', after = end < n ? p[end] : ' ';
    bool url = before == '/' && at > 1 && p[at - 2] == '/';
    return url || (before != '/' && before != '@' && before != '$' && before != '\\' && after != '(' &&
                   after != '@' && after != '=' && after != '\\');
}

/* Names of files end in what may be a top-level domain, too: app.py, order.pl. */
static bool is_file_name(const char *domain)
{
    static const char *const endings[] = {"py", "sh",  "rs",  "pl", "md",   "ps",   "cc",
                                          "so", "zip", "mov", "id", "name", "post", "run"};
    const char *dot = strrchr(domain, '.');
    for (size_t i = 0; dot && name_labels(domain) == 2 && i < sizeof endings / sizeof *endings; i++)
        if (!strcmp(dot + 1, endings[i]))
            return true;
    return false;
}

const struct paste_names *paste_names_read(struct arena *a, const char *p, size_t n)
{
    struct paste_names *names = arena_alloc(a, sizeof *names);
    for (size_t i = 0; names && i < n && names->n < NAMES_MOST;) {
        if (!in_name(p[i])) {
            i++;
            continue;
        }
        size_t at = i, end = i, dots = 0;
        for (; i < n && in_name(p[i]); i++)
            dots += p[i] == '.';
        end = i;
        while (end > at && (p[end - 1] == '.' || p[end - 1] == '*' || p[end - 1] == '-' || p[end - 1] == '_'))
            end--;
        while (at < end &&
               p[at] == '_') { /* "_dnsauth.shop.example.com" speaks of the name below its first label */
            const char *dot = memchr(p + at, '.', end - at);
            at = dot ? (size_t)(dot + 1 - p) : end;
        }
        if (!dots || end - at < 4 || end - at > 4 * NAME_MOST || !memchr(p + at, '.', end - at) ||
            !is_mention(p, n, at, end))
            continue;
        const char *domain = paste_domain(a, p + at, end - at);
        bool announced = domain && is_announced(p, at);
        if (domain && !is_of_the_ca(domain) && (announced || !is_file_name(domain)))
            names->v[names->n++] = (struct mention){domain, at, announced};
    }
    return names && !arena_full(a) ? names : NULL;
}

/* The only domain among the mentions from `from` to `to`; NULL where there are none, or several. */
static const char *only(const struct paste_names *names, size_t from, size_t to, bool announced)
{
    const char *found = NULL;
    for (size_t i = 0; i < names->n; i++) {
        const struct mention *m = &names->v[i];
        if (m->at < from || m->at >= to || (announced && !m->announced))
            continue;
        if (found && strcmp(found, m->domain) != 0)
            return NULL;
        found = m->domain;
    }
    return found;
}

const char *paste_name_near(const struct paste_names *names, const char *p, size_t at)
{
    if (!names->n)
        return NULL;
    size_t from = at, last = names->v[names->n - 1].at, to = at;
    while (from && p[from - 1] != '\n')
        from--;
    while (to <= last && p[to] != '\n')
        to++;
    const char *found = only(names, from, to, true);
    if (!found)
        found = only(names, 0, SIZE_MAX, true);
    if (!found)
        found = only(names, from, to, false);
    return found ? found : only(names, 0, SIZE_MAX, false);
}
