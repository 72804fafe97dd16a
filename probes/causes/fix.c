#include "causes/fix.h"

#include "ca/challenge.h"
#include "ca/profile.h"
#include "causes/fix_exempt.h"
#include "evidence/near.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

/* The token for a time stamp: computed with the key, or taken from the computed tokens of a case file. */
static const char *token_for(struct judgement *j, const char *stamp)
{
    const struct request *r = j->r;
    if (r->auth_key.n && r->csr.n) {
        char *token = arena_alloc(j->a, TOKEN_LENGTH + 1);
        if (!token || token_compute(stamp, r->auth_key, r->csr, token))
            return NULL;
        struct texts *known = &j->report->tokens;
        for (size_t i = 0; i < known->n; i++)
            if (!strcmp(known->v[i], token))
                return token;
        return texts_add(j->a, known, token) ? token : NULL;
    }
    for (size_t i = 0; i < r->computed.n; i++)
        if (!strncmp(r->computed.v[i], stamp, TOKEN_STAMP)) {
            texts_add(j->a, &j->report->tokens, r->computed.v[i]);
            return r->computed.v[i];
        }
    return NULL;
}

const char *fix_value(struct judgement *j)
{
    switch (j->report->challenge) {
    case CHALLENGE_RANDOM_VALUE:
        return request_expired(j->r) ? NULL : j->r->token;
    case CHALLENGE_REQUEST_TOKEN: {
        char stamp[TOKEN_STAMP + 1];
        time_stamp(j->r->now, stamp);
        return token_for(j, stamp);
    }
    case CHALLENGE_NONE:
        return NULL;
    }
    return NULL;
}

static const char *txt_rdata(struct arena *a, const char *text)
{
    size_t n = strlen(text), strings = n ? (n + 254) / 255 : 1;
    uint8_t *p = arena_alloc(a, n + strings);
    if (!p)
        return NULL;
    struct rr rr = {.type = RR_TXT, .rdata = p, .rdlen = (uint16_t)(n + strings)};
    for (size_t i = 0; i < strings; i++) {
        size_t len = n - i * 255 < 255 ? n - i * 255 : 255;
        *p++ = (uint8_t)len;
        memcpy(p, text + i * 255, len);
        p += len;
    }
    return rr_rdata_text(a, &rr);
}

const char *fix_txt_rdata(struct judgement *j, const char *text)
{
    return txt_rdata(j->a, text);
}

void fix_new_value(struct judgement *j, struct finding *f)
{
    bool random = j->report->challenge == CHALLENGE_RANDOM_VALUE;
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = random ? "token" : "auth_key_file";
    x->value = "";
    x->text =
        random
            ? "Get a new random value for the order and publish that."
            : "Compute a new request token from the AuthKey and the CSR (dcvprobe token) and publish that.";
}

void fix_add_txt_at(struct judgement *j, struct finding *f, const char *owner, const char *value)
{
    struct fix *x = finding_fix(j, f, FIX_ADD);
    x->owner = owner;
    x->ttl = FIX_TTL;
    x->type = "TXT";
    x->rdata = fix_txt_rdata(j, value);
}

/* True where the alias is a wildcard's: a label that nobody entered is the same alias. A record at the name itself then
 * stands beside nothing. */
static bool from_wildcard(const struct judgement *j, const struct lookup *l, const struct rr *alias)
{
    for (size_t i = 0; j->near && i < j->near->n; i++) {
        const struct near_name *n = &j->near->v[i];
        const struct rr *other = n->slip != NEAR_RANDOM                ? NULL
                                 : n->at.type == RR_CNAME && n->at.n ? n->at.rr[0]
                                                                     : path_alias(&n->at);
        if (other && name_within(l->name, n->scope) && rr_same(other, alias))
            return true;
    }
    return false;
}

/* Whether a record can be added at a checked name: it is no alias, and its lookup came to an end. */
static bool has_room(const struct lookup *l)
{
    return l->name && !l->hops && (l->class == LOOKUP_DATA || l->class == LOOKUP_NODATA || l->class == LOOKUP_NXDOMAIN);
}

/* True where the aliases end at a name of the customer's own domain. */
static bool ends_within(const struct judgement *j, const struct lookup *l)
{
    return !l->looped && l->class != LOOKUP_FAIL && j->r->registrable && name_within(l->end, j->r->registrable);
}

void fix_add_txt(struct judgement *j, struct finding *f, const char *value)
{
    const struct lookup *label = &j->txt.at[0], *itself = &j->txt.at[1];
    const char *owner = txt_owner(j->a, j->r);
    bool read = j->r->method == METHOD_DNS_TXT_TOKEN && label->name && label->hops;
    const struct rr *alias = read ? path_alias(label) : NULL;
    if (read && !(alias && from_wildcard(j, label, alias))) {
        if (has_room(itself)) {
            fix_add_txt_at(j, f, itself->name, value);
            finding_fix(j, f, FIX_ADVICE)->text =
                arena_printf(j->a,
                             "%s is an alias, and no other record may stand beside it. The CA looks at %s itself as "
                             "well; the alias and what it serves stay as they are.",
                             label->name, itself->name);
            return;
        }
        if (ends_within(j, label))
            owner = label->end;
        else if (alias)
            fix_remove(j, f, alias);
    }
    fix_add_txt_at(j, f, owner, value);
}

void fix_publish_txt(struct judgement *j, struct finding *f)
{
    const char *value = fix_value(j);
    if (value)
        fix_add_txt(j, f, value);
    else
        fix_new_value(j, f);
}

void fix_replace_txt(struct judgement *j, struct finding *f, const struct rr *rr)
{
    const char *value = fix_value(j);
    if (!value) {
        fix_new_value(j, f);
        return;
    }
    struct fix *x = finding_fix(j, f, FIX_REPLACE);
    x->owner = rr->owner;
    x->ttl = FIX_TTL; /* the TTL in a cached answer is what remains of the record's TTL, so it is not kept */
    x->type = "TXT";
    x->old_rdata = rr_rdata_text(j->a, rr);
    x->rdata = fix_txt_rdata(j, value);
}

void fix_remove(struct judgement *j, struct finding *f, const struct rr *rr)
{
    char type[16];
    struct fix *x = finding_fix(j, f, FIX_REMOVE);
    x->owner = rr->owner;
    x->type = arena_strdup(j->a, rr_type_name(rr->type, type));
    x->rdata = rr_rdata_text(j->a, rr);
}

/* True where both URLs end in the same file name: a redirect that keeps it leads to where the file belongs on another
 * host or in another directory, and any other one to a page of its own. */
static bool same_file(const char *a, const char *b)
{
    const char *one = strrchr(a, '/'), *other = strrchr(b, '/');
    return one && other && !strcmp(one, other);
}

bool fix_file_at(struct judgement *j, struct finding *f, const struct fetch *fetch, const char *value)
{
    const char *asked = fetch && fetch->n ? fetch->facts[0]->ask->url : fetch_url(j->a, j->r, "http");
    if (fetch && fetch->hops && !same_file(asked, fetch->url))
        return false;
    struct fix *x = finding_fix(j, f, FIX_PUT_FILE);
    x->url = fetch && fetch->hops ? fetch->url : asked;
    x->body = value;
    return true;
}

void fix_publish_file(struct judgement *j, struct finding *f)
{
    const char *value = fix_value(j);
    if (!value) {
        fix_new_value(j, f);
        return;
    }
    const struct fetch *last = j->file.best ? &j->file.best->fetch : NULL;
    fix_file_at(j, f, last, value);
    if (last && last->hops)
        fix_exempt_file(j, f);
}

void fix_publish_cname(struct judgement *j, struct finding *f, const struct rr *old)
{
    const char *value = fix_value(j);
    if (!value) {
        fix_new_value(j, f);
        return;
    }
    struct fix *x = finding_fix(j, f, old ? FIX_REPLACE : FIX_ADD);
    x->owner = cname_owner(j->a, j->r, CNAME_CURRENT);
    x->ttl = FIX_TTL;
    x->type = "CNAME";
    x->old_rdata = old ? rr_rdata_text(j->a, old) : NULL;
    x->rdata = arena_printf(j->a, "%s.%s.", value, j->r->profile->cname_base);
}

bool fix_persist_record(struct arena *a, const struct request *r, const struct persist_record *keep, dcv_time until,
                        struct fix *ret)
{
    const char *value = persist_value(a, r, keep, until), *owner = persist_owner(a, r);
    *ret = (struct fix){.op = FIX_ADD, .owner = owner, .ttl = FIX_TTL, .type = "TXT"};
    ret->rdata = value ? txt_rdata(a, value) : NULL;
    return owner && ret->rdata;
}

/* A new record goes to where the CA looks. Beside a CNAME no other record may stand (RFC 1034 3.6.2): it goes to the
 * end of the alias, where that is in the customer's own domain, or the alias goes first. */
static void add_persist(struct judgement *j, struct finding *f, struct fix record)
{
    const struct lookup *l = &j->persist.at;
    const struct rr *alias = l->name && l->hops && l->fact ? path_alias(l) : NULL;
    if (alias && !from_wildcard(j, l, alias)) {
        if (ends_within(j, l))
            record.owner = l->end;
        else
            fix_remove(j, f, alias);
    }
    *finding_fix(j, f, FIX_ADD) = record;
}

void fix_publish_persist(struct judgement *j, struct finding *f, const struct rr *old,
                         const struct persist_record *keep)
{
    struct fix record;
    if (!fix_persist_record(j->a, j->r, keep, TIME_UNKNOWN, &record))
        return;
    if (!old) {
        add_persist(j, f, record);
        return;
    }
    record.op = FIX_REPLACE;
    record.owner = old->owner;
    record.old_rdata = rr_rdata_text(j->a, old);
    *finding_fix(j, f, FIX_REPLACE) = record;
}

void fix_other_method(struct judgement *j, struct finding *f, enum method m, const char *text)
{
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = "method";
    x->value = method_name(m);
    x->text = text;
}

/* The TXT records that stand where the CNAME record of the method belongs, and are no wildcard's; NULL: none known. */
static const struct near_name *txt_in_the_place(const struct judgement *j, const char *owner)
{
    for (size_t i = 0; j->near && owner && i < j->near->n; i++) {
        const struct near_name *n = &j->near->v[i];
        if (n->slip == NEAR_TYPE && n->at.type == RR_TXT && n->at.n && !n->at.hops && name_equal(n->at.name, owner) &&
            !near_synthesised(j->near, n, n->at.rr[0]))
            return n;
    }
    return NULL;
}

/* Beside TXT records no CNAME record may stand (RFC 1034 3.6.2), and they may be those of another service: the method
 * that looks for a TXT record needs nothing removed. */
static void publish_cname(struct judgement *j, struct finding *f)
{
    const struct lookup *l = &j->cname.at[CNAME_CURRENT];
    const struct near_name *beside =
        l->class == LOOKUP_DATA || !j->r->token ? NULL : txt_in_the_place(j, cname_owner(j->a, j->r, CNAME_CURRENT));
    if (!beside || !fix_value(j)) {
        bool stands = l->class == LOOKUP_DATA && !from_wildcard(j, l, l->rr[0]);
        fix_publish_cname(j, f, stands ? l->rr[0] : NULL);
        return;
    }
    fix_other_method(
        j, f, METHOD_DNS_TXT_TOKEN,
        arena_printf(
            j->a,
            "At %s stands a TXT record, beside which no CNAME record may stand: change the order's method to "
            "TXT, which takes the same value.",
            beside->at.name));
    fix_add_txt_at(j, f, beside->at.name, fix_value(j));
    finding_or(j, f);
    for (size_t i = 0; i < beside->at.n; i++)
        fix_remove(j, f, beside->at.rr[i]);
    fix_publish_cname(j, f, NULL);
}

void fix_publish(struct judgement *j, struct finding *f)
{
    switch (j->r->method) {
    case METHOD_DNS_TXT_TOKEN:
        fix_publish_txt(j, f);
        break;
    case METHOD_DNS_CNAME_TOKEN:
        publish_cname(j, f);
        break;
    case METHOD_HTTP_TOKEN:
    case METHOD_HTTP_TOKEN_DYNAMIC:
        fix_publish_file(j, f);
        break;
    case METHOD_DNS_PERSIST:
        fix_publish_persist(j, f, NULL, NULL);
        break;
    case METHOD_DNS_CNAME_TARGET:
    case METHOD_CAA:
        break; /* these methods take no value */
    }
}

void fix_correct(struct judgement *j, struct finding *f)
{
    if (j->candidate.rr)
        fix_replace_txt(j, f, j->candidate.rr);
    else
        fix_publish(j, f);
}

static void point_at(struct judgement *j, struct finding *f, const char *owner, const struct rr *old,
                     const char *target)
{
    if (!target && j->r->allow_targets.n)
        target = j->r->allow_targets.v[0];
    if (!target) {
        fix_advice(j, f,
                   "Point the CNAME at a target that the CA has on the account's list of allowed targets.");
        return;
    }
    size_t n = strlen(target);
    struct fix *x = finding_fix(j, f, old ? FIX_REPLACE : FIX_ADD);
    x->owner = owner;
    x->ttl = FIX_TTL;
    x->type = "CNAME";
    x->old_rdata = old ? rr_rdata_text(j->a, old) : NULL;
    x->rdata = arena_printf(j->a, "%s%s", target, n && target[n - 1] == '.' ? "" : ".");
}

void fix_target(struct judgement *j, struct finding *f, const struct rr *old, const char *target)
{
    point_at(j, f, old->owner, old, target);
}

void fix_target_at(struct judgement *j, struct finding *f, const char *owner)
{
    point_at(j, f, owner, NULL, NULL);
}

const char *fix_too_long(struct judgement *j, const char *label)
{
    return arena_printf(
        j->a, " (with %s in front, where the CA looks too, the name would be longer than a name can be)", label);
}

const char *fix_shown_value(const struct judgement *j)
{
    return j->r->token ? j->r->token : "of a request token";
}

void fix_advice(struct judgement *j, struct finding *f, const char *text)
{
    finding_fix(j, f, FIX_ADVICE)->text = text;
}
