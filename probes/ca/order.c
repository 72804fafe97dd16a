#include "ca/order_inner.h"

#include "ca/rules.h"
#include "model/time.h"
#include "wire/name.h"
#include "wire/name_read.h"
#include "wire/suffixes.h"

#include <errno.h>
#include <string.h>

static const char *const products[] = {
#define X(sym, text) [sym] = text,
    ORDER_PRODUCTS(X)
#undef X
};

const char *product_name(enum product p)
{
    return products[p];
}

bool product_parse(const char *text, enum product *ret)
{
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        if (!strcmp(text, products[i])) {
            *ret = (enum product)i;
            return true;
        }
    return false;
}

static const char *const contacts[] = {
#define X(sym, text) [sym] = text,
    ORDER_CONTACTS(X)
#undef X
};

static bool add_method(const char *text, size_t n, struct order_methods *to)
{
    char word[32];
    enum method m;
    if (n >= sizeof word)
        return false;
    memcpy(word, text, n);
    word[n] = '\0';
    for (unsigned i = 0; i < CONTACT_COUNT; i++)
        if (!strcmp(word, contacts[i])) {
            to->contacts |= 1u << i;
            return true;
        }
    if (!method_parse(word, &m))
        return false;
    to->methods |= METHOD_BIT(m);
    return true;
}

bool order_methods_parse(const char *text, struct order_methods *ret)
{
    struct order_methods all = *ret;
    for (const char *p = text;; p++) {
        size_t n = strcspn(p, ",");
        if (!add_method(p, n, &all))
            return false;
        p += n;
        if (!*p)
            break;
    }
    *ret = all;
    return true;
}

/* ---------------------------------------------------------------- names ------------------------------ */

/* The canonical form of a name, the same for all its spellings: "*.example.com", "example.com" or an address.
 * A text that is no name stays as it is. NULL where the arena is full. */
static const char *canonical(struct arena *a, const char *text)
{
    struct name n;
    if (name_read(a, text, strlen(text), &n))
        return NULL;
    if (!n.domain)
        return text;
    return n.wildcard ? arena_printf(a, "*.%s", n.domain) : n.domain;
}

static bool holds(const struct texts *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (name_equal(names->v[i], name))
            return true;
    return false;
}

/* Adds the name in canonical form unless it is already in the list. */
static void gather(struct checking *c, struct texts *names, const char *text)
{
    const char *name = canonical(c->a, text);
    if (name && !holds(names, name))
        texts_add(c->a, names, name);
}

static void gather_all(struct checking *c, struct texts *names, const struct texts *list)
{
    for (size_t i = 0; i < list->n; i++)
        gather(c, names, list->v[i]);
}

static void check_lists(struct checking *c, const char *shown, const struct name *name,
                        struct texts *not_validated)
{
    const struct order *o = c->o;
    const char *d = name->domain;
    if (o->allowed_domains.n && !order_listed(&o->allowed_domains, d, name->is_ip))
        order_problem(
            c, CODE_domain_not_allowed, NULL, "domain", shown,
            "The container that orders is limited to the domains of the list allowed_domains, and this name "
            "is not among them.",
            "Order from the container that owns the domain, or have the domain added to this one.");
    if (order_listed(&o->disabled_domains, d, name->is_ip))
        order_problem(c, CODE_disabled_domain, NULL, "domain", shown,
                      "The domain is on the list disabled_domains: it is deactivated in the account.",
                      "Activate the domain again, see whether its validation is still in date, then order.");
    if (order_listed(&o->protected_domains, d, name->is_ip))
        order_problem(
            c, CODE_protected_domain, NULL, "domain", shown,
            "The domain is on the list protected_domains: its owner lets only certain accounts order.",
            "Leave the name out, or ask the domain's owner to order or to admit this account.");
    if (order_listed(&o->locked_domains, d, name->is_ip))
        order_problem(c, CODE_domain_locked, shown, "domain", shown,
                      "The domain is on the list locked_domains: another account has locked it for itself.",
                      "Order from the account that holds the lock, or have its owner lift the lock.");
    if (o->prevalidated_domains.n && !order_listed(&o->prevalidated_domains, d, name->is_ip))
        texts_add(c->a, not_validated, shown);
}

/* Reports one problem that lists all the names. Its code has variables for the first two of them. */
static void check_prevalidated(struct checking *c, const struct texts *names)
{
    if (!names->n)
        return;
    const char *all = names->v[0];
    for (size_t i = 1; all && i < names->n; i++)
        all = arena_printf(c->a, "%s, %s", all, names->v[i]);
    size_t before = c->r->n;
    order_problem(c, CODE_domains_not_prevalidated, names->v[0], "domain", all,
                  "This order takes domains that are validated beforehand, and these are not on the list "
                  "prevalidated_domains.",
                  "Validate each of them first, or leave it out of the order.");
    if (c->r->n > before && names->n > 1)
        c->r->problems[before].error.variable[1] = names->v[1];
}

/* True where the name's top-level domain may exist though the public suffix list lacks it: the root is asked about it,
 * or the list is too old to tell. */
static bool top_may_be(struct checking *c, const struct name *name, const char *shown)
{
    if (!name->top || (!c->o->probe && !suffixes_are_old(c->o->now)))
        return false;
    if (!c->o->probe) {
        const char *text = arena_printf(c->a,
                                        "Whether %s is a public name is not known: the public suffix list of %s lacks "
                                        "the top-level domain %s, and it is more than a year old. Use a newer list, or "
                                        "--probe.",
                                        shown, suffixes_in_use()->date, name->top);
        if (text)
            texts_add(c->a, &c->r->unknown, text);
    }
    return true;
}

static bool method_not_for_ip(enum method m)
{
    return !method_for_ip(m);
}

/* The first of the order's methods of this kind; METHOD_COUNT: none. */
static unsigned first_method(const struct order_methods *m, bool kind(enum method))
{
    unsigned i = 0;
    while (i < METHOD_COUNT && !(m->methods & METHOD_BIT(i) && kind((enum method)i)))
        i++;
    return i;
}

static void check_name(struct checking *c, const char *text, bool is_common_name, struct texts *seen,
                       struct texts *not_validated)
{
    const struct order_methods *m = &c->o->methods;
    const char *shown = order_shown(c, text);
    struct name name;
    if (!shown || name_read(c->a, text, strlen(text), &name))
        return;
    const char *form = canonical(c->a, text);
    if (!form || holds(seen, form))
        return;
    texts_add(c->a, seen, form);
    if (name.code == CODE_dns_invalid_domain && is_common_name)
        return; /* rfc5280_common_name_invalid reports it */
    if (name.code != CODE_NONE && !top_may_be(c, &name, shown)) {
        bool internal = name.code == CODE_internal_names_not_allowed;
        const char *fix =
            internal          ? "Order for the public name of the host; for internal names use a private CA."
            : name.suggestion ? arena_printf(c->a, "Most likely %s is meant.", name.suggestion)
                              : "Give the bare name, in labels of letters, digits and inner hyphens.";
        order_problem(c, name.code, internal ? NULL : shown, "domain", shown,
                      arena_printf(c->a,
                                   internal ? "No public CA issues for this name: %s."
                                            : "The name cannot be read as a domain: %s.",
                                   name.reason),
                      fix);
        return;
    }
    if (name.is_ip && (m->contacts || first_method(m, method_not_for_ip) != METHOD_COUNT)) {
        order_problem(
            c, CODE_dns_invalid_domain, shown, "domain", shown,
            "An IP address has no DNS records of its own to check; it is validated with http-token only.",
            "Choose http-token for the address, or order for a name that points to it.");
        return;
    }
    unsigned file = name.wildcard ? first_method(m, method_is_file) : METHOD_COUNT;
    if (file != METHOD_COUNT) {
        order_problem(
            c, CODE_invalid_wildcard_dcv_method, NULL, "method", shown,
            arena_printf(c->a,
                         "The method is %s: a file proves control of one host, never of all names below "
                         "it.",
                         method_name((enum method)file)),
            "Choose a DNS method or email for the order.");
    } else {
        texts_add(c->a, &c->r->names, form);
    }
    check_lists(c, shown, &name, not_validated);
}

/* A certificate for one wildcard covers its base domain and the names below; any other name needs a product
 * for several domains. */
static void check_wildcard(struct checking *c, const struct texts *names)
{
    const char *cn = c->common_name ? canonical(c->a, c->common_name) : NULL;
    if (!cn || strncmp(cn, "*.", 2) != 0)
        return;
    for (size_t i = 0; i < names->n; i++) {
        if (name_within(names->v[i], cn + 2))
            continue;
        order_problem(c, CODE_other_domain_on_wildcard, NULL, "san", order_shown(c, names->v[i]),
                      arena_printf(c->a, "The order is for %s, and this name is neither %s nor below it.",
                                   order_shown(c, cn), order_shown(c, cn + 2)),
                      "Leave the name out, or order a multi-domain wildcard certificate.");
    }
}

static void check_names(struct checking *c)
{
    const struct order *o = c->o;
    struct texts seen = {0}, not_validated = {0};
    if (o->product != PRODUCT_TLS) /* the other products certify people and companies, not domains */
        return;
    if (c->common_name && *c->common_name)
        check_name(c, c->common_name, true, &seen, &not_validated);
    for (size_t i = 0; c->r->has_csr && i < c->r->csr.names.n; i++)
        check_name(c, c->r->csr.names.v[i], false, &seen, &not_validated);
    for (size_t i = 0; i < o->names.n; i++)
        check_name(c, o->names.v[i], false, &seen, &not_validated);
    check_prevalidated(c, &not_validated);
    check_wildcard(c, &seen);
}

/* ---------------------------------------------------------------- a duplicate ------------------------ */

/* Compares the order with the one that it duplicates. The common name counts among the names of its order,
 * but only listed names are reported as missing or new: a different common name has a code of its own. */
static void check_duplicate(struct checking *c)
{
    const struct order *o = c->o;
    struct csr original = {0};
    struct texts was = {0}, is = {0};
    if (!o->original.p && !o->original_names.n && !o->original_common_name)
        return;
    if (o->original.p && csr_read(c->a, o->original, &original))
        return;
    if (original.problem) {
        c->r->unusable = original.problem;
        return;
    }
    const char *old =
        o->original_common_name ? order_shown(c, o->original_common_name) : original.common_name;
    const char *new = c->common_name;
    const char *old_form = old ? canonical(c->a, old) : NULL, *new_form = new ? canonical(c->a, new) : NULL;
    if (old_form && (!new_form || !name_equal(old_form, new_form)))
        order_problem(
            c, CODE_invalid_common_name_on_duplicate, NULL, "common_name", new,
            arena_printf(c->a,
                         "The common name of the original order is %s, and a duplicate has to keep it%s.",
                         old, new ? "" : "; this one has none"),
            "Make the CSR with that common name, or order a reissue, which may change it.");
    gather_all(c, &was, &original.names);
    gather_all(c, &was, &o->original_names);
    if (c->r->has_csr)
        gather_all(c, &is, &c->r->csr.names);
    gather_all(c, &is, &o->names);
    for (size_t i = 0; i < was.n; i++)
        if (!holds(&is, was.v[i]) && !(new_form && name_equal(new_form, was.v[i])))
            order_problem(
                c, CODE_missing_dns_name_on_duplicate, NULL, "san", order_shown(c, was.v[i]),
                "The original order has this name and the duplicate leaves it out; it has to keep them all.",
                "Add the name to the request, or order a reissue to drop it.");
    for (size_t i = 0; i < is.n; i++)
        if (!holds(&was, is.v[i]) && !(old_form && name_equal(old_form, is.v[i])))
            order_problem(c, CODE_invalid_dns_name_on_duplicate, NULL, "san", order_shown(c, is.v[i]),
                          "The original order does not have this name, and a duplicate cannot add one.",
                          "Leave the name out, or order a reissue to add it.");
}

/* ---------------------------------------------------------------- all of it -------------------------- */

static bool any_list(const struct order *o)
{
#define X(list) || o->list.n
    return false ORDER_LISTS(X);
#undef X
}

/* Whether a row is about addresses: an order validates those by a file only. */
static bool about_ip(const struct sunset *s)
{
    return !strncmp(s->section, "3.2.2.5.", strlen("3.2.2.5."));
}

/* Validation by email or phone has several methods, and each ends on a day that the profile gives (BR 3.2.2.4). The
 * order is refused after the last day: before, which of them the CA uses is not known here. */
static void check_sunsets(struct checking *c, enum order_contact contact)
{
    const struct profile *p = c->o->profile ? c->o->profile : profile_builtin();
    struct texts said = {0};
    const char *all = "";
    bool left = false;
    for (size_t i = 0; all && i < p->sunsets.n; i++) {
        const struct sunset *s = &p->sunsets.v[i];
        if (!sunset_by(s, contacts[contact]) || about_ip(s))
            continue;
        const char *one = sunset_said(c->a, s, c->o->now);
        left = left || s->from > c->o->now;
        all = one && texts_add(c->a, &said, one) ? arena_concat(c->a, all, *all ? " " : "", one, NULL) : NULL;
    }
    if (all && said.n && !left)
        order_problem(c, CODE_invalid_dns_method, NULL, "method", contacts[contact], all,
                      "Choose a DNS or file method for the order; a DNS method can be automated.");
    for (size_t i = 0; left && i < said.n; i++)
        order_note(c, said.v[i]);
}

static void check_contacts(struct checking *c)
{
    const struct order_methods *m = &c->o->methods;
    for (unsigned i = 0; i < CONTACT_COUNT; i++) {
        if (!(m->contacts & 1u << i))
            continue;
        if (c->o->token && !m->methods)
            order_problem(
                c, CODE_invalid_dns_method, NULL, "method", contacts[i],
                arena_printf(c->a,
                             "The order is set to validation by %s, so the CA looks for no token, and one is to be "
                             "checked.",
                             contacts[i]),
                i == CONTACT_EMAIL
                    ? "Change the order's method to a DNS or file method first, or follow the link in the email."
                    : "Change the order's method to a DNS or file method first, or wait for the CA's call.");
        check_sunsets(c, (enum order_contact)i);
    }
}

int order_check(struct arena *a, const struct order *o, struct order_report *ret)
{
    struct order_report r = {0};
    struct checking c = {.a = a, .o = o, .r = &r};
    order_check_csr(&c);
    order_check_subject(&c);
    check_names(&c);
    check_duplicate(&c);
    order_check_emails(&c);
    order_check_secrets(&c);
    check_contacts(&c);
    if (!any_list(o) && (r.names.n || o->emails.n))
        order_note(
            &c,
            "No list of domains is configured, so what only the account knows (allowed, disabled, protected, "
            "locked and validated domains) was not looked at.");
    if (arena_full(a))
        return -ENOMEM;
    *ret = r;
    return 0;
}
