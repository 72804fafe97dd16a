/* request_finish.c - the fields of a request against one another, once all of them are set. */
#include "format/request_inner.h"

#include "base/text.h"
#include "ca/challenge.h"
#include "ca/profile.h"
#include "ca/public_cas.h"
#include "methods/adn.h"
#include "methods/methods.h"
#include "model/time.h"
#include "wire/name.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* All methods that the input allows. */
static unsigned methods_possible(const struct request *r)
{
    /* A website proves only the name that it answers for, no other (BR 3.2.2.4.18). */
    bool other = r->wildcard || (r->adn && r->domain && !name_equal(r->adn, r->domain));
    unsigned fit = 0, ip = 0;
    for (unsigned m = 0; m < METHOD_COUNT; m++) {
        if (method_for_ip(m))
            ip |= METHOD_BIT(m);
        if (method_rules(m)->fits(r) && !(other && method_is_file(m)))
            fit |= METHOD_BIT(m);
    }
    return r->is_ip ? ip : fit;
}

static int bad(struct arena *a, struct input_error *err, enum code code, const char *field, const char *value,
               const char *expected)
{
    *err = (struct input_error){.code = code, .field = field, .expected = expected};
    if (value && !(err->value = text_escape(a, value, strlen(value), REQUEST_VALUE_SHOWN)))
        return -ENOMEM;
    return expected ? -EINVAL : -ENOMEM;
}

/* What another CA demands for control is not known here, so a request that names one is about CAA alone. */
static int read_ca(struct arena *a, struct request *r, struct input_error *err)
{
    if (!r->ca)
        return 0;
    if (r->issuers.n) /* an answer about the one would name the other */
        return bad(a, err, CODE_invalid_value, "issuer", r->issuers.v[0],
                   arena_printf(a, "either a CA by its name or identifiers, not both: %s has its own ones", r->ca));
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (m != METHOD_CAA && r->methods & METHOD_BIT(m))
            return bad(a, err, CODE_invalid_value, "methods", method_name(m),
                       "method caa alone with another CA: how that one checks control is not known here");
    r->methods = METHOD_BIT(METHOD_CAA);
    if (!strcasecmp(r->ca, r->profile->name)) {
        r->ca = NULL; /* the profile knows more of its own CA than the table */
        return 0;
    }
    size_t n;
    const struct public_ca *one, *ca = public_ca_find(r->ca, &one, 1, &n);
    for (size_t i = 0; ca && i < ca->identifiers.n; i++)
        if (!texts_add(a, &r->issuers, ca->identifiers.v[i]))
            return -ENOMEM;
    return 0;
}

static int read_adn(struct arena *a, struct request *r, struct input_error *err)
{
    const char *typed = r->adn, *expected = NULL;
    if (!typed || r->name_code != CODE_NONE) {
        r->adn = r->domain;
        return 0;
    }
    int e = adn_choose(a, r, typed, &expected);
    return e == -EINVAL ? bad(a, err, CODE_invalid_value, "adn", typed, expected) : e;
}

/* What is expected where a method needs a random value and only a key is given. */
static const char *with_request_token(struct arena *a)
{
    const char *list = "";
    for (unsigned m = 0; list && m < METHOD_COUNT; m++)
        if (method_rules(m)->takes & TAKES_REQUEST_TOKEN)
            list = arena_concat(a, list, *list ? ", " : "", method_name(m), NULL);
    return list ? arena_concat(a, "a method that takes a request token (", list, "), or a random value in token", NULL)
                : NULL;
}

int request_finish(struct arena *a, struct request *r, struct input_error *err)
{
    if (!r->input)
        return bad(a, err, CODE_required_param, "domain", NULL, request_expected("domain"));
    if (r->now == TIME_UNKNOWN)
        return bad(a, err, CODE_required_param, "now", NULL, request_expected("now"));
    if (r->issued != TIME_UNKNOWN && r->issued > r->now) {
        char issued[25], now[25];
        time_format(r->issued, issued);
        time_format(r->now, now);
        return bad(a, err, CODE_invalid_value, "issued", issued,
                   arena_printf(a, "a time that is not after now, %s", now));
    }
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (r->methods & METHOD_BIT(m) && method_rules(m)->takes == TAKES_RANDOM_VALUE && !r->token &&
            request_has_key(r))
            return bad(a, err, CODE_invalid_value, "methods", method_name(m), with_request_token(a));
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (r->methods & METHOD_BIT(m) && method_rules(m)->needs && !method_rules(m)->fits(r))
            return bad(a, err, CODE_required_param, method_rules(m)->needs, NULL,
                       request_expected(method_rules(m)->needs));
    int e = read_ca(a, r, err);
    if (!e)
        e = read_adn(a, r, err);
    if (e)
        return e;
    r->methods_given = r->methods != 0;
    if (!r->methods_given)
        r->methods = methods_possible(r);
    r->method = (enum method)__builtin_ctz(r->methods);
    return 0;
}
