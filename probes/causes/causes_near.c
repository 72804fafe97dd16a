/* causes_near.c - the value was published, but at a name or in a form that the method does not look at. */
#include "ca/altered.h"
#include "ca/profile.h"
#include "ca/token_find.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "evidence/near.h"
#include "evidence/view.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>
#include <strings.h>

/* A record at a near name (one that people mistake for the checked name) that was entered for this order. */
struct near_hit {
    const struct near_name *n;
    const struct rr *rr;
    const char *altered; /* what else is wrong, as altered_value() says it; NULL where nothing is */
    const char *token;   /* the valid request token in the record; NULL for a random value */
    bool bare;           /* the record holds nothing else: it can be removed */
};

static bool random_value(const struct judgement *j)
{
    return j->report->challenge == CHALLENGE_RANDOM_VALUE;
}

/* True where a TXT record holds the value, or, where altered is set, a text that is almost the value. */
static bool holds(struct judgement *j, const struct rr *rr, bool altered, struct near_hit *ret)
{
    struct bytes text = txt_joined(j->a, rr);
    ret->altered = NULL;
    if (!text.p)
        return false;
    if (random_value(j)) {
        struct bytes wanted = {(const uint8_t *)j->r->token, strlen(j->r->token)};
        ret->bare = altered || text.n == wanted.n;
        if (!altered)
            return bytes_find(text, wanted) >= 0;
        ret->altered = altered_value(text, wanted);
        return ret->altered != NULL;
    }
    struct token_found token;
    int rc = altered ? 0 : token_find(j->a, j->r, text, &token, &j->report->tokens);
    if (rc)
        j->err = rc;
    if (altered || rc || token.class != TOKEN_VALID)
        return false;
    ret->bare = text.n == TOKEN_LENGTH;
    ret->token = arena_strndup(j->a, text.p + token.at, TOKEN_LENGTH);
    return ret->token != NULL;
}

/* The first such record among the given slips (a set of bits). An exact value at any name comes before an
 * altered one. */
static bool txt_hit(struct judgement *j, unsigned slips, struct near_hit *ret)
{
    for (int altered = 0; j->near && altered < 2; altered++)
        for (size_t i = 0; i < j->near->n; i++) {
            const struct near_name *n = &j->near->v[i];
            for (size_t k = 0; slips & 1u << n->slip && n->at.type == RR_TXT && k < n->at.n; k++) {
                *ret = (struct near_hit){.n = n, .rr = n->at.rr[k]};
                if (!near_synthesised(j->near, n, ret->rr) && holds(j, ret->rr, altered, ret))
                    return true;
            }
        }
    return false;
}

static bool first_label_is(const char *name, const char *label)
{
    size_t n = strlen(label);
    return !strncasecmp(name, label, n) && name[n] == '.';
}

static bool points_right(struct judgement *j, const char *target)
{
    return cname_is_right(j->a, j->r, target);
}

static bool points_at_base(struct judgement *j, const char *target)
{
    return name_equal(target, j->r->profile->cname_base) || points_right(j, target);
}

static bool points_at_label(struct judgement *j, const char *target)
{
    return first_label_is(target, j->r->profile->txt_label);
}

static bool cname_hit(struct judgement *j, unsigned slips, bool (*fits)(struct judgement *, const char *),
                      struct near_hit *ret)
{
    for (size_t i = 0; j->near && j->r->token && i < j->near->n; i++) {
        const struct near_name *n = &j->near->v[i];
        if (!(slips & 1u << n->slip) || n->at.type != RR_CNAME)
            continue;
        const char *target = cname_target(j->a, &n->at);
        *ret = (struct near_hit){.n = n, .rr = target ? n->at.rr[0] : NULL, .bare = true};
        if (target && !near_synthesised(j->near, n, ret->rr) && fits(j, target))
            return true;
    }
    return false;
}

static const char *right_owner(struct judgement *j)
{
    return j->r->method == METHOD_DNS_TXT_TOKEN ? txt_owner(j->a, j->r) : cname_owner(j->a, j->r, CNAME_CURRENT);
}

/* What to enter in a DNS panel that appends zone to names: the part of owner before zone; the whole name
 * where zone is not above it. */
static const char *relative(struct judgement *j, const char *owner, const char *zone)
{
    size_t n = strlen(owner), z = strlen(zone);
    return n > z + 1 && name_within(owner, zone) ? arena_strndup(j->a, owner, n - z - 1) : owner;
}

static const char *without_dot(struct judgement *j, const char *name)
{
    size_t n = strlen(name);
    return arena_strndup(j->a, name, n && name[n - 1] == '.' ? n - 1 : n);
}

static void advise_label(struct judgement *j, struct finding *f, const char *zone)
{
    const char *owner = right_owner(j);
    if (owner)
        fix_advice(
            j, f,
            arena_printf(j->a,
                         "Where a DNS panel asks for the record's name, enter only %s: the panel puts %s "
                         "behind it.",
                         relative(j, owner, zone), without_dot(j, zone)));
}

/* The lookup of the name where the record belongs. */
static const struct lookup *checked(const struct judgement *j)
{
    return j->r->method == METHOD_DNS_TXT_TOKEN ? txt_first(&j->txt) : &j->cname.at[CNAME_CURRENT];
}

static struct finding *about_hit(struct judgement *j, enum cause c, const struct near_hit *hit)
{
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "owner", hit->n->at.name);
    finding_set(j, f, "right", right_owner(j));
    finding_set(j, f, "altered", hit->altered ? arena_printf(j->a, "; besides, it %s", hit->altered) : "");
    finding_fact(j, f, hit->n->at.udp);
    finding_fact(j, f, hit->n->at.fact);
    finding_fact(j, f, checked(j)->fact);
    return f;
}

/* Only a record at the near name itself is removed: behind an alias the record belongs to somebody else. */
static void remove_hit(struct judgement *j, struct finding *f, const struct near_hit *hit)
{
    if (hit->bare && !hit->n->at.hops)
        fix_remove(j, f, hit->rr);
}

/* A request token that was found is published unchanged, because computing a new one needs the key. */
static void publish_hit(struct judgement *j, struct finding *f, const struct near_hit *hit)
{
    if (hit->token)
        fix_add_txt(j, f, hit->token);
    else
        fix_publish(j, f);
}

void cause_txt_doubled_name(struct judgement *j)
{
    struct near_hit hit;
    bool found = j->r->method == METHOD_DNS_TXT_TOKEN ? txt_hit(j, 1u << NEAR_DOUBLED, &hit)
                                                      : cname_hit(j, 1u << NEAR_DOUBLED, points_right, &hit);
    if (!found)
        return;
    struct finding *f = about_hit(j, CAUSE_txt_doubled_name, &hit);
    finding_set(j, f, "zone", without_dot(j, hit.n->scope));
    publish_hit(j, f, &hit);
    remove_hit(j, f, &hit);
    advise_label(j, f, hit.n->scope);
}

void cause_txt_wrong_owner(struct judgement *j)
{
    const unsigned slips = 1u << NEAR_ANCESTOR | 1u << NEAR_OTHER;
    struct near_hit hit;
    if (j->r->method == METHOD_DNS_TXT_TOKEN ? !txt_hit(j, slips, &hit)
                                             : j->cname.found || !cname_hit(j, slips, points_right, &hit))
        return;
    struct finding *f = about_hit(j, CAUSE_txt_wrong_owner, &hit);
    finding_set(j, f, "slip", hit.n->slip_text ? arena_printf(j->a, " (%s)", hit.n->slip_text) : "");
    publish_hit(j, f, &hit);
    advise_label(j, f, j->near->apex);
    if (hit.n->slip == NEAR_ANCESTOR && !hit.altered) {
        finding_or(j, f);
        struct fix *x = finding_fix(j, f, FIX_INPUT);
        x->argument = "adn";
        x->value = without_dot(j, hit.n->scope);
        x->text = "Leave the record, and have the CA check at this name: it counts for all names below.";
    }
}

/* ---------------------------------------------------------------- the other type --------------------- */

static bool value_first(struct judgement *j, const char *target)
{
    return first_label_is(profile_bare_value(j->r->profile, target), j->r->token);
}

static struct finding *wrong_type(struct judgement *j, const struct lookup *at, const char *found,
                                  const char *wanted)
{
    struct finding *f = finding_add(j, CAUSE_txt_wrong_type);
    finding_set(j, f, "owner", at->name);
    finding_set(j, f, "found", found);
    finding_set(j, f, "wanted", wanted);
    finding_fact(j, f, at->fact);
    return f;
}

static const char leave_text[] = "Leave the record, and change the order's method.";

void cause_txt_wrong_type(struct judgement *j)
{
    struct near_hit hit;
    if (!judged_failing(j) || !random_value(j) || j->candidate.place)
        return;
    if (j->r->method == METHOD_DNS_CNAME_TOKEN) {
        if (!txt_hit(j, 1u << NEAR_TYPE, &hit) || hit.altered)
            return;
        struct finding *f = wrong_type(j, &hit.n->at, "TXT", "CNAME");
        /* A CNAME stands alone at its owner (RFC 1034 3.6.2). */
        if (!hit.n->at.hops && name_equal(hit.rr->owner, right_owner(j)))
            fix_remove(j, f, hit.rr);
        fix_publish_cname(j, f,
                          j->cname.at[CNAME_CURRENT].class == LOOKUP_DATA ? j->cname.at[CNAME_CURRENT].rr[0] : NULL);
        finding_or(j, f);
        fix_other_method(j, f, METHOD_DNS_TXT_TOKEN, leave_text);
        return;
    }
    const struct lookup *at = NULL;
    const struct rr *alias = NULL;
    for (size_t i = 0; i < 2 && !at; i++) {
        alias = path_alias(&j->txt.at[i]);
        const char *target = alias ? rr_target(j->a, alias) : NULL;
        if (target && value_first(j, target))
            at = &j->txt.at[i];
    }
    if (!at && cname_hit(j, 1u << NEAR_TYPE, value_first, &hit)) {
        at = &hit.n->at;
        alias = hit.rr;
    }
    if (!at)
        return;
    struct finding *f = wrong_type(j, at, "CNAME", "TXT");
    fix_remove(j, f, alias);
    fix_add_txt_at(j, f, txt_owner(j->a, j->r), j->r->token);
    finding_or(j, f);
    fix_other_method(j, f, METHOD_DNS_CNAME_TOKEN, leave_text);
}

void cause_txt_in_caa_record(struct judgement *j)
{
    if (!judged_failing(j) || !random_value(j))
        return;
    struct bytes wanted = {(const uint8_t *)j->r->token, strlen(j->r->token)};
    for (size_t i = 0; j->near && i < j->near->n; i++) {
        const struct near_name *n = &j->near->v[i];
        for (size_t k = 0; n->at.type == RR_CAA && k < n->at.n; k++) {
            const struct rr *rr = n->at.rr[k];
            if (bytes_find((struct bytes){rr->rdata, rr->rdlen}, wanted) < 0)
                continue;
            struct finding *f = finding_add(j, CAUSE_txt_in_caa_record);
            finding_set(j, f, "owner", n->at.name);
            finding_fact(j, f, n->at.fact);
            fix_publish(j, f);
            return;
        }
    }
}

/* ---------------------------------------------------------------- CNAME records ---------------------- */

void cause_cname_swapped(struct judgement *j)
{
    struct near_hit hit;
    const struct lookup *retired = &j->cname.at[CNAME_RETIRED];
    const char *target = j->cname.target[CNAME_RETIRED];
    bool found = cname_hit(j, 1u << NEAR_SWAPPED | 1u << NEAR_BARE, points_at_label, &hit);
    if (!judged_failing(j) || j->cname.found || (!found && !(target && points_at_label(j, target))))
        return;
    const struct lookup *at = found ? &hit.n->at : retired;
    struct finding *f = finding_add(j, CAUSE_cname_swapped);
    finding_set(j, f, "owner", at->name);
    finding_set(j, f, "target", found ? cname_target(j->a, at) : target);
    finding_fact(j, f, at->fact);
    fix_remove(j, f, at->rr[0]);
    fix_publish(j, f);
}

void cause_cname_no_underscore(struct judgement *j)
{
    struct near_hit hit;
    if (!cname_hit(j, 1u << NEAR_BARE, points_at_base, &hit))
        return;
    struct finding *f = about_hit(j, CAUSE_cname_no_underscore, &hit);
    finding_set(j, f, "target", cname_target(j->a, &hit.n->at));
    fix_remove(j, f, hit.rr);
    fix_publish(j, f);
}

static bool same_address(const struct judgement *j, const struct lookup *a, const struct lookup *b)
{
    struct rr_index index;
    if (rr_index_make(j->a, b->rr, b->n, &index))
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (rr_index_has(&index, a->rr[i]))
            return true;
    return false;
}

/* True where a provider replaced the CNAME at n by address records: n has addresses that come neither from an
 * alias nor from a wildcard. A label for validation below the domain needs no address, so any address there
 * counts. At the domain itself the addresses must be those of the target, for a plain web site has addresses,
 * too. */
static bool flattened(const struct judgement *j, const struct near_name *n)
{
    if (n->slip != NEAR_TYPE || (n->at.type != RR_A && n->at.type != RR_AAAA) || !n->at.n || n->at.hops)
        return false;
    bool itself = name_equal(n->at.name, j->r->adn);
    for (size_t i = 0; i < j->near->n; i++) {
        const struct near_name *other = &j->near->v[i];
        if (itself && other->slip == NEAR_TARGET && same_address(j, &n->at, &other->at))
            return true;
        bool addresses = other->at.type == RR_A || other->at.type == RR_AAAA;
        if (!itself && other->slip == NEAR_RANDOM && addresses &&
            (other->at.class == LOOKUP_DATA || other->at.class == LOOKUP_FAIL ||
             other->at.class == LOOKUP_PENDING || other->at.hops))
            return false; /* the addresses come from a wildcard, or may */
    }
    return !itself;
}

void cause_cname_flattened(struct judgement *j)
{
    const struct near_name *n = NULL;
    for (size_t i = 0; j->near && i < j->near->n && !n; i++)
        if (flattened(j, &j->near->v[i]))
            n = &j->near->v[i];
    bool token = j->r->method == METHOD_DNS_CNAME_TOKEN;
    /* Flattening leaves a name that exists but has no CNAME. */
    if (!n || (token && j->cname.at[CNAME_CURRENT].class != LOOKUP_NODATA))
        return;
    struct finding *f = finding_add(j, CAUSE_cname_flattened);
    finding_set(j, f, "owner", n->at.name);
    finding_set(j, f, "address", rr_rdata_text(j->a, n->at.rr[0]));
    finding_fact(j, f, n->at.fact);
    finding_fact(j, f, token ? j->cname.at[CNAME_CURRENT].fact : NULL);
    fix_advice(j, f,
               "Switch the provider's proxy or flattening off for this record (\"DNS only\"), so that the "
               "CNAME itself is visible; where an address record was entered instead, replace it by the CNAME.");
    if (!token)
        return;
    finding_or(j, f);
    fix_other_method(j, f, METHOD_DNS_TXT_TOKEN, "Use the TXT method: TXT records are neither proxied nor flattened.");
    if (fix_value(j))
        fix_add_txt_at(j, f, n->at.name, fix_value(j));
}

/* ---------------------------------------------------------------- a CNAME that is not alone ---------- */

struct beside {
    const struct rr *alias, *other;
    const struct fact *alias_fact, *other_fact;
    bool alone; /* the two records never came in one answer: the zone may have changed between the answers */
};

/* The types that may exist beside a CNAME (RFC 4034 2.5 and 3, RFC 2181 10.1). */
static bool may_stand(uint16_t type)
{
    enum { RR_SIG = 24, RR_KEY = 25, RR_NXT = 30 };
    return type == RR_RRSIG || type == RR_NSEC || type == RR_NSEC3 || type == RR_SIG || type == RR_KEY ||
           type == RR_NXT;
}

/* A record of owner in a fact about owner. Facts about other names are passed over, so that few have to be
 * compared. */
static const struct rr *at_owner(const struct fact *f, const char *owner, bool alias)
{
    bool about = f->ask->kind == ASK_DNS && name_equal(f->ask->qname, owner);
    for (size_t i = 0; about && i < f->dns.answer.n; i++) {
        const struct rr *rr = &f->dns.answer.v[i];
        if (!rr->defect && name_equal(rr->owner, owner) &&
            (alias ? rr->type == RR_CNAME : rr->type != RR_CNAME && !may_stand(rr->type)))
            return rr;
    }
    return NULL;
}

static bool same_source(const struct fact *a, const struct fact *b)
{
    const struct ask *p = a->ask, *q = b->ask;
    bool server = p->server && q->server ? !strcmp(p->server, q->server) : p->server == q->server;
    return server && p->via == q->via && (p->via == VIA_RESOLVER || p->via == VIA_AUTHORITATIVE);
}

static bool find_beside(const struct evidence *ev, const char *owner, struct beside *ret)
{
    bool found = false;
    *ret = (struct beside){.alone = true};
    for (size_t i = 0; i < ev->n; i++) {
        const struct rr *alias = at_owner(ev->facts[i], owner, true);
        for (size_t k = 0; alias && k < ev->n; k++) {
            const struct rr *other = at_owner(ev->facts[k], owner, false);
            if (!other || !same_source(ev->facts[i], ev->facts[k]))
                continue;
            bool alone = i != k && ev->facts[i]->ask->via == VIA_RESOLVER;
            if (found && (alone || !ret->alone))
                continue;
            *ret = (struct beside){alias, other, ev->facts[i], ev->facts[k], alone};
            found = true;
        }
    }
    return found;
}

/* True where the alias and the other record hide what the method looks for: the lookup fails, or the alias
 * hides the record that holds the value. */
static bool hides(struct judgement *j, const struct lookup *l, const struct beside *b)
{
    struct near_hit hit;
    if (l->class == LOOKUP_FAIL)
        return true;
    if (j->r->method == METHOD_DNS_CNAME_TOKEN)
        return points_right(j, rr_target(j->a, b->alias));
    return !b->alone && b->other->type == RR_TXT && holds(j, b->other, false, &hit);
}

void cause_cname_coexists(struct judgement *j)
{
    bool txt = j->r->method == METHOD_DNS_TXT_TOKEN;
    const struct lookup *at = txt ? j->txt.at : j->cname.at;
    if (j->r->depth != DEPTH_FULL || !judged_failing(j) || j->report->challenge == CHALLENGE_NONE)
        return;
    for (size_t i = 0; i < (txt ? 2u : 1u); i++) {
        struct beside b;
        char type[16];
        if (!at[i].name || !find_beside(j->ev, at[i].name, &b))
            continue;
        struct finding *f = finding_add(j, CAUSE_cname_coexists);
        finding_aside(f, hides(j, &at[i], &b));
        finding_set(j, f, "owner", at[i].name);
        finding_set(j, f, "target", rr_target(j->a, b.alias));
        finding_set(j, f, "type", arena_strdup(j->a, rr_type_name(b.other->type, type)));
        finding_fact(j, f, b.alias_fact);
        finding_fact(j, f, b.other_fact);
        if (i == 0)
            fix_remove(j, f, txt ? b.alias : b.other);
        else
            fix_advice(j, f, "Replace the CNAME by address records, or remove what stands beside it.");
        fix_publish(j, f);
        return;
    }
}

/* ---------------------------------------------------------------- wildcards -------------------------- */

/* The random label, where it answers with every record that the checked name has (all then come from a
 * wildcard); else NULL. */
static const struct near_name *all_synthesised(const struct judgement *j, const struct lookup *l)
{
    const struct near_name n = {.at = *l};
    const struct near_name *random = NULL;
    for (size_t i = 0; i < j->near->n && !random; i++)
        if (j->near->v[i].slip == NEAR_RANDOM && j->near->v[i].at.type == l->type)
            random = &j->near->v[i];
    if (!random || random->at.class != LOOKUP_DATA || !l->n)
        return NULL;
    for (size_t i = 0; i < l->n; i++)
        if (!near_synthesised(j->near, &n, l->rr[i]))
            return NULL;
    return random;
}

static bool holds_any(struct judgement *j, const struct lookup *l)
{
    struct near_hit hit;
    for (size_t i = 0; i < l->n; i++)
        if (l->type == RR_TXT
                ? holds(j, l->rr[i], false, &hit)
                : l->type == RR_CNAME && random_value(j) && points_right(j, rr_target(j->a, l->rr[i])))
            return true;
    return false;
}

static void wildcard(struct judgement *j, const struct near_name *random, const char *what)
{
    struct finding *f = finding_add(j, CAUSE_txt_wildcard_synthesis);
    finding_set(j, f, "parent", without_dot(j, random->scope));
    finding_set(j, f, "what", what);
    finding_fact(j, f, random->at.fact);
    finding_fact(j, f, checked(j)->fact);
    fix_publish(j, f);
}

void cause_txt_wildcard_synthesis(struct judgement *j)
{
    const struct lookup *at = checked(j);
    if (!j->near || !judged_failing(j))
        return;
    for (size_t i = 0; i < j->near->n; i++) {
        const struct near_name *n = &j->near->v[i];
        if (n->slip == NEAR_RANDOM && n->at.type == at->type && holds_any(j, &n->at)) {
            wildcard(j, n,
                     arena_printf(j->a,
                                  ", and it holds the value, but not for %s: a name that exists hides the "
                                  "wildcard from itself and from what is below it",
                                  at->name));
            return;
        }
    }
    const struct near_name *random = all_synthesised(j, at);
    if (random)
        wildcard(j, random,
                 arena_printf(j->a, ", %s included: what it answers was not entered for it", at->name));
}
