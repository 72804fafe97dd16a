#include "evidence/chain.h"

#include "wire/dnssec_verify.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- asking ----------------------------- */

static bool usable(const struct fact *f)
{
    return f && !(f->dns.flags & DNS_TC) &&
           (f->dns.outcome == DNS_ANSWER || f->dns.outcome == DNS_NODATA || f->dns.outcome == DNS_NXDOMAIN);
}

/* Asks with DO and CD: the records and signatures that a validator sees. NULL: no usable answer, or none yet. */
static const struct fact *want(const struct asker *asker, const char *name, uint16_t type)
{
    struct ask q = lookup_ask(name, type);
    q.cd = q.dnssec = true;
    const struct fact *f = ask_whole(asker, q, NULL);
    return usable(f) ? f : NULL;
}

struct chain_walk {
    struct arena *a;
    const struct asker *asker;
    struct chain *c;
};

/* The signer in the first signature of the set; only a zone that contains owner may sign it. NULL: none. */
static const char *signer_of(struct arena *a, const struct rrs *section, const char *owner, uint16_t type)
{
    struct rrsig s;
    for (size_t i = 0; i < section->n; i++)
        if (section->v[i].type == RR_RRSIG && name_equal(section->v[i].owner, owner) &&
            rrsig_read(a, &section->v[i], &s) && s.covered == type && name_within(owner, s.signer))
            return s.signer;
    return NULL;
}

/* The zone of a name by the answer to its SOA question, for names without a signature. */
static const char *zone_by_soa(struct chain_walk *w, const char *name)
{
    const struct fact *f = want(w->asker, name, RR_SOA);
    for (size_t i = 0; f && i < f->dns.answer.n; i++)
        if (f->dns.answer.v[i].type == RR_SOA && name_equal(f->dns.answer.v[i].owner, name))
            return name;
    return f ? fact_denier(f, name) : NULL;
}

static bool is_root(const char *name)
{
    return !strcmp(name, ".");
}

/* The zone above z: the one that signed or denied the DS records of z. */
static const char *parent_of(struct chain_walk *w, const struct chain_zone *z)
{
    if (!z->ds)
        return NULL;
    const char *p = signer_of(w->a, &z->ds->dns.answer, z->name, RR_DS);
    if (!p)
        p = fact_denier(z->ds, z->name);
    if (p && !name_equal(p, z->name))
        return p;
    const char *above = name_parent(z->name);
    return zone_by_soa(w, above ? above : ".");
}

/* The zone of this name in the chain. A new one is added with all zones above it. NULL: there are CHAIN_ZONES_MOST
 * already. */
static const struct chain_zone *zone_add(struct chain_walk *w, const char *name)
{
    const struct chain_zone *first = NULL;
    const struct chain_zone **link = &first;
    while (name) {
        struct chain *c = w->c;
        for (size_t i = 0; i < c->n; i++)
            if (name_equal(c->zone[i].name, name)) {
                *link = &c->zone[i];
                return first;
            }
        if (c->n == CHAIN_ZONES_MOST)
            break;
        struct chain_zone *z = &c->zone[c->n++];
        *z = (struct chain_zone){.name = name};
        z->dnskey = want(w->asker, name, RR_DNSKEY);
        z->ds = is_root(name) ? NULL : want(w->asker, name, RR_DS);
        *link = z;
        link = &z->parent;
        name = is_root(name) ? NULL : parent_of(w, z);
    }
    return first;
}

static void item_add(struct chain_walk *w, const char *owner, uint16_t type, bool denial, const char *zone)
{
    struct chain *c = w->c;
    for (size_t i = 0; i < c->n_items; i++)
        if (c->item[i].type == type && c->item[i].denial == denial && name_equal(c->item[i].owner, owner))
            return;
    if (c->n_items == CHAIN_ITEMS_MOST)
        return;
    if (!zone)
        zone = zone_by_soa(w, owner);
    c->item[c->n_items++] = (struct chain_item){owner, type, denial, zone ? zone_add(w, zone) : NULL};
}

/* A CNAME that the server made from a DNAME has no signature of its own (RFC 6672 5.3.1). */
static bool synthesised(const struct rrs *v, const struct rr *rr)
{
    for (size_t i = 0; rr->type == RR_CNAME && i < v->n; i++)
        if (v->v[i].type == RR_DNAME && name_within(rr->owner, v->v[i].owner) &&
            !name_equal(rr->owner, v->v[i].owner))
            return true;
    return false;
}

int chain_walk(struct arena *a, const struct asker *asker, const char *name, uint16_t type,
                struct chain *ret)
{
    *ret = (struct chain){.answer = want(asker, name, type)};
    if (!ret->answer)
        return arena_full(a) ? -ENOMEM : 0;
    struct chain_walk w = {a, asker, ret};
    const struct rrs *v = &ret->answer->dns.answer;
    const char *end = type == RR_CNAME ? name : dns_chain_end(a, &ret->answer->dns, name, NULL, NULL);
    bool found = false;
    for (size_t i = 0; end && i < v->n; i++) {
        const struct rr *rr = &v->v[i];
        if (rr->type == RR_RRSIG || rr->defect || synthesised(v, rr))
            continue;
        found = found || (rr->type == type && name_equal(rr->owner, end));
        item_add(&w, rr->owner, rr->type, false, signer_of(a, v, rr->owner, rr->type));
    }
    if (end && !found)
        item_add(&w, end, type, true, fact_denier(ret->answer, end));
    return arena_full(a) ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- reading a zone --------------------- */

static size_t room_for(const struct rrs *v)
{
    size_t n = v ? v->n : 0;
    return n < CHAIN_KEYS_MOST ? n : CHAIN_KEYS_MOST;
}

struct dnskey *chain_keys(struct arena *a, const struct chain_zone *z, size_t *n)
{
    const struct rrs *v = z->dnskey ? &z->dnskey->dns.answer : NULL;
    struct dnskey *keys = arena_array(a, room_for(v), sizeof *keys);
    *n = 0;
    for (size_t i = 0; keys && v && i < v->n && *n < CHAIN_KEYS_MOST; i++)
        if (name_equal(v->v[i].owner, z->name) && dnskey_read(&v->v[i], &keys[*n]))
            ++*n;
    return keys;
}

struct ds *chain_ds(struct arena *a, const struct chain_zone *z, size_t *n)
{
    const struct rrs *v = z->ds ? &z->ds->dns.answer : NULL;
    struct ds *ds = arena_array(a, room_for(v), sizeof *ds);
    *n = 0;
    for (size_t i = 0; ds && v && i < v->n && *n < CHAIN_KEYS_MOST; i++)
        if (name_equal(v->v[i].owner, z->name) && ds_read(&v->v[i], &ds[*n]))
            ++*n;
    return ds;
}

const char *chain_stand_in(const struct request *r)
{
    return r->token && !strncmp(r->token, "redacted", 8) ? r->token : NULL;
}

/* ---------------------------------------------------------------- judging ---------------------------- */

/* insecure: proven to be unsigned, so everything below may be unsigned. */
enum state { STATE_SECURE, STATE_INSECURE, STATE_BROKEN };

struct judging {
    struct arena *a;
    const struct chain *c;
    dcv_time now;
    const char *stand_in;
    unsigned checks;
    struct chain_fault *fault;
    enum state state[CHAIN_ZONES_MOST];
    bool known[CHAIN_ZONES_MOST];
    struct dnskey *keys[CHAIN_ZONES_MOST]; /* keys that may sign */
    size_t n_keys[CHAIN_ZONES_MOST];
};

static bool broken(struct judging *j, enum chain_fault_kind kind, const struct chain_zone *z,
                   const struct fact *fact)
{
    j->fault->kind = kind;
    j->fault->zone = z;
    j->fault->fact = fact;
    return false;
}

/* How good one signature over a set is, from worst to best. GOOD also if it cannot be checked here. */
enum worth { WORTH_NOTHING, WORTH_KEY_GONE, WORTH_ALTERED, WORTH_EXPIRED, WORTH_FUTURE, WORTH_GOOD };

static bool redacted(const struct judging *j, const struct rr *const *set, size_t n)
{
    size_t len = j->stand_in ? strlen(j->stand_in) : 0;
    for (size_t i = 0; len && i < n; i++)
        if (memmem(set[i]->rdata, set[i]->rdlen, j->stand_in, len) || strcasestr(set[i]->owner, j->stand_in))
            return true;
    return false;
}

static enum worth worth_of(struct judging *j, const struct rrsig *s, const struct dnskey *keys, size_t n_keys,
                           const struct rr *const *set, size_t n)
{
    enum worth best = WORTH_KEY_GONE;
    for (size_t i = 0; i < n_keys && best != WORTH_GOOD; i++) {
        if (keys[i].tag != s->tag || keys[i].algorithm != s->algorithm)
            continue;
        enum sig_time time = j->fault->clock ? SIG_TIME_IN : rrsig_time(s, j->now);
        if (time != SIG_TIME_IN)
            return time == SIG_TIME_EXPIRED ? WORTH_EXPIRED : WORTH_FUTURE;
        bool look = j->checks < CHAIN_CHECKS_MOST && !redacted(j, set, n);
        j->checks += look;
        best = look && rrsig_check(j->a, s, &keys[i], set, n) == SIG_CHECK_BAD ? WORTH_ALTERED : WORTH_GOOD;
    }
    return best;
}

/* Checks the signatures over the set at owner in a section against the keys of z. True where one of them is good (RFC
 * 4035 5.3.1); else false, with the fault in j->fault. */
static bool set_holds(struct judging *j, const struct fact *fact, const struct rrs *section,
                      const char *owner, uint16_t type, const struct chain_zone *z,
                      const struct dnskey *keys, size_t n_keys)
{
    static const enum chain_fault_kind kinds[] = {
        [WORTH_NOTHING] = CHAIN_UNSIGNED, [WORTH_KEY_GONE] = CHAIN_KEY_GONE,
        [WORTH_ALTERED] = CHAIN_ALTERED,  [WORTH_EXPIRED] = CHAIN_EXPIRED,
        [WORTH_FUTURE] = CHAIN_FUTURE,    [WORTH_GOOD] = CHAIN_NO_FAULT};
    const struct rr **set = arena_array(j->a, section->n, sizeof *set);
    size_t n = 0;
    for (size_t i = 0; set && i < section->n; i++)
        if (section->v[i].type == type && name_equal(section->v[i].owner, owner))
            set[n++] = &section->v[i];
    enum worth best = WORTH_NOTHING;
    for (size_t i = 0; set && i < section->n && best != WORTH_GOOD; i++) {
        struct rrsig s;
        if (section->v[i].type != RR_RRSIG || !name_equal(section->v[i].owner, owner) ||
            !rrsig_read(j->a, &section->v[i], &s) || s.covered != type || !name_equal(s.signer, z->name))
            continue;
        enum worth worth = worth_of(j, &s, keys, n_keys, set, n);
        if (worth > best) {
            best = worth;
            j->fault->sig = s;
        }
    }
    if (best == WORTH_GOOD || arena_full(j->a))
        return true;
    j->fault->owner = owner;
    j->fault->type = type;
    return broken(j, kinds[best], z, fact);
}

/* A signed zone must prove that a record does not exist: RFC 4035 3.1.3, RFC 5155 7.2. This checks only that NSEC or
 * NSEC3 records are there and signed, not what they prove. */
static bool denial_holds(struct judging *j, const struct fact *fact, const char *owner, uint16_t type,
                         const struct chain_zone *z, const struct dnskey *keys, size_t n_keys)
{
    const struct rrs *v = &fact->dns.authority;
    struct chain_fault *f = j->fault;
    size_t proofs = 0;
    for (size_t i = 0; i < v->n; i++) {
        const struct rr *rr = &v->v[i];
        bool proof = rr->type == RR_NSEC || rr->type == RR_NSEC3;
        if (rr->defect || !name_within(rr->owner, z->name) || (!proof && rr->type != RR_SOA))
            continue;
        proofs += proof;
        if (set_holds(j, fact, v, rr->owner, rr->type, z, keys, n_keys))
            continue;
        if (f->kind == CHAIN_UNSIGNED && proof) {
            f->kind = CHAIN_NO_DENIAL;
            f->what = "its NSEC or NSEC3 records carry no signature";
            f->owner = owner;
            f->type = type;
        }
        return false;
    }
    if (proofs)
        return true;
    f->what = "it holds no NSEC or NSEC3 record";
    f->owner = owner;
    f->type = type;
    return broken(j, CHAIN_NO_DENIAL, z, fact);
}

static size_t index_of(const struct judging *j, const struct chain_zone *z)
{
    return (size_t)(z - j->c->zone);
}

/* Moves the keys that match a DS record to the front, and returns their number. */
static size_t vouched(const struct ds *ds, size_t n_ds, struct dnskey *keys, size_t n)
{
    size_t found = 0, digests = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_ds && digests < CHAIN_DIGESTS_MOST; k++)
            if (ds[k].tag == keys[i].tag && ++digests && ds_known(&ds[k]) && ds_matches(&ds[k], &keys[i])) {
                struct dnskey swap = keys[found];
                keys[found++] = keys[i];
                keys[i] = swap;
                break;
            }
    return found;
}

/* Checks the link from the zone above: signed DS records, or the proof that there are none. */
static enum state judge_ds(struct judging *j, const struct chain_zone *z, const struct ds *ds, size_t n_ds)
{
    const struct chain_zone *up = z->parent;
    size_t known = 0, i = up ? index_of(j, up) : 0;
    const char *denier = z->ds ? fact_denier(z->ds, z->name) : NULL;
    /* Unknown DS records are no fault. An answer of the zone itself about its own DS records counts as unknown. */
    if (!z->ds || (!n_ds && denier && name_equal(denier, z->name)))
        return STATE_SECURE;
    if (!up || !up->dnskey)
        return n_ds ? STATE_SECURE : STATE_INSECURE;
    if (!n_ds)
        return denial_holds(j, z->ds, z->name, RR_DS, up, j->keys[i], j->n_keys[i]) ? STATE_INSECURE
                                                                                    : STATE_BROKEN;
    if (!set_holds(j, z->ds, &z->ds->dns.answer, z->name, RR_DS, up, j->keys[i], j->n_keys[i]))
        return STATE_BROKEN;
    for (size_t k = 0; k < n_ds; k++)
        known += ds_known(&ds[k]);
    return known ? STATE_SECURE : STATE_INSECURE;
}

static enum state judge_keys(struct judging *j, const struct chain_zone *z, const struct ds *ds, size_t n_ds)
{
    size_t at = index_of(j, z), n, trusted;
    struct dnskey *all = chain_keys(j->a, z, &n);
    size_t usable_keys = 0;
    for (size_t i = 0; all && i < n; i++)
        if (dnskey_signs(&all[i]))
            all[usable_keys++] = all[i];
    j->keys[at] = all;
    j->n_keys[at] = usable_keys;
    if (!z->dnskey || !all)
        return STATE_SECURE;
    if (is_root(z->name)) {
        trusted = usable_keys;
        if (!trusted)
            return STATE_INSECURE; /* a private root: trust starts below it */
    } else if (!n_ds) {
        return STATE_SECURE; /* the DS records are unknown */
    } else {
        trusted = vouched(ds, n_ds, all, usable_keys);
        if (!trusted) {
            broken(j, usable_keys ? CHAIN_OTHER_KEYS : CHAIN_NO_KEYS, z, z->dnskey);
            return STATE_BROKEN;
        }
    }
    if (set_holds(j, z->dnskey, &z->dnskey->dns.answer, z->name, RR_DNSKEY, z, all, trusted))
        return STATE_SECURE;
    if (is_root(z->name) && (j->fault->kind == CHAIN_EXPIRED || j->fault->kind == CHAIN_FUTURE)) {
        /* If this were true, the whole internet would be down. So the local clock is probably wrong, and from here on
         * no validity times are checked. */
        *j->fault = (struct chain_fault){.clock = true};
        return STATE_SECURE;
    }
    return STATE_BROKEN;
}

/* Judges the zones above first, so that the highest broken link is reported. */
static enum state judge_zone(struct judging *j, const struct chain_zone *z)
{
    size_t at = index_of(j, z), n_ds;
    if (j->known[at])
        return j->state[at];
    j->known[at] = true; /* also stops at a circle of parents, which only a hostile answer has */
    enum state s = z->parent ? judge_zone(j, z->parent) : STATE_SECURE;
    struct ds *ds = chain_ds(j->a, z, &n_ds);
    if (s == STATE_SECURE && !is_root(z->name))
        s = judge_ds(j, z, ds, ds ? n_ds : 0);
    if (s == STATE_SECURE)
        s = judge_keys(j, z, ds, ds ? n_ds : 0);
    j->state[at] = s;
    return s;
}

/* A set that was made from a wildcard needs a proof that no closer name exists (RFC 4035 5.3.4). */
static bool closer_denied(struct judging *j, const struct chain_item *it)
{
    const struct rrs *v = &j->c->answer->dns.answer, *more = &j->c->answer->dns.authority;
    struct rrsig s;
    bool expanded = false;
    for (size_t i = 0; i < v->n; i++)
        expanded = expanded || (v->v[i].type == RR_RRSIG && name_equal(v->v[i].owner, it->owner) &&
                                rrsig_read(j->a, &v->v[i], &s) && s.covered == it->type &&
                                s.labels < name_labels(it->owner) && strncmp(it->owner, "*.", 2) != 0);
    for (size_t i = 0; expanded && i < more->n; i++)
        if (more->v[i].type == RR_NSEC || more->v[i].type == RR_NSEC3)
            expanded = false;
    if (!expanded)
        return true;
    j->fault->owner = it->owner;
    j->fault->type = it->type;
    j->fault->wildcard = true;
    j->fault->what = "it holds no NSEC or NSEC3 record";
    return broken(j, CHAIN_NO_DENIAL, it->zone, j->c->answer);
}

int chain_fault(struct arena *a, const struct chain *c, dcv_time now, const char *stand_in,
                 struct chain_fault *ret)
{
    *ret = (struct chain_fault){.kind = CHAIN_NO_FAULT};
    struct judging j = {.a = a, .c = c, .now = now, .stand_in = stand_in, .fault = ret};
    for (size_t i = 0; i < c->n_items && ret->kind == CHAIN_NO_FAULT; i++) {
        const struct chain_item *it = &c->item[i];
        if (!it->zone || judge_zone(&j, it->zone) != STATE_SECURE || !it->zone->dnskey)
            continue;
        size_t at = index_of(&j, it->zone);
        if (it->denial) {
            denial_holds(&j, c->answer, it->owner, it->type, it->zone, j.keys[at], j.n_keys[at]);
            continue;
        }
        if (set_holds(&j, c->answer, &c->answer->dns.answer, it->owner, it->type, it->zone, j.keys[at],
                      j.n_keys[at]))
            closer_denied(&j, it);
    }
    return arena_full(a) ? -ENOMEM : 0;
}
