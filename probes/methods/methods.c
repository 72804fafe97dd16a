#include "methods/methods.h"

#include "ca/challenge.h"
#include "methods/adn.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

const struct method_rules *method_rules(enum method m)
{
    static const struct method_rules *const rows[] = {
#define X(sym, text, rules, traits) [sym] = &rules,
        DCV_METHODS(X)
#undef X
    };
    return rows[m];
}

enum challenge request_challenge(const struct request *r)
{
    unsigned takes = method_rules(r->method)->takes;
    if (takes & TAKES_RANDOM_VALUE && r->token)
        return CHALLENGE_RANDOM_VALUE;
    if (takes & TAKES_REQUEST_TOKEN && request_has_key(r) && r->csr.n)
        return CHALLENGE_REQUEST_TOKEN;
    return CHALLENGE_NONE;
}

int checked_add(struct arena *a, struct checked_list *list, const char *name, uint16_t type)
{
    struct checked *v = name ? arena_grow(a, list->v, list->n, sizeof *v) : NULL;
    if (!v)
        return -ENOMEM;
    list->v = v;
    v[list->n++] = (struct checked){name, type};
    return 0;
}

const char *checked_below(struct arena *a, const char *label, const char *domain)
{
    uint8_t wire[WIRE_NAME_MOST];
    const char *name = arena_printf(a, "%s.%s.", label, domain);
    return name && wire_name_from_text(name, wire) > 0 ? name : NULL;
}

int checked_names(struct arena *a, const struct request *r, struct checked **ret, size_t *n)
{
    struct checked_list list = {0};
    int rc = method_rules(r->method)->names(a, r, &list);
    if (!rc)
        rc = adn_names(a, r, &list);
    *ret = list.v;
    *n = list.n;
    return rc;
}

void method_ask_names(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev)
{
    struct checked *v;
    size_t n;
    (void)ev; /* the names depend on the request alone */
    if (checked_names(a, r, &v, &n))
        return;
    for (size_t i = 0; i < n; i++)
        lookup_want(asker, v[i].name, v[i].type);
}

bool method_value_known(const struct request *r)
{
    enum { VALUE_LEAST = 8 }; /* bytes; a shorter value occurs in other texts by chance */
    switch (request_challenge(r)) {
    case CHALLENGE_RANDOM_VALUE:
        return strlen(r->token) >= VALUE_LEAST && !request_expired(r);
    case CHALLENGE_REQUEST_TOKEN:
        return true;
    case CHALLENGE_NONE:
        break;
    }
    return false;
}

bool lookups_settled(const struct lookup *l, size_t n)
{
    bool answered = false;
    for (size_t i = 0; i < n; i++) {
        if (l[i].class == LOOKUP_PENDING)
            return false;
        answered = answered || l[i].class != LOOKUP_FAIL;
    }
    return answered;
}
