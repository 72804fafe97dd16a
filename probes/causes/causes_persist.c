/* causes_persist.c - causes for dns-persist: there is no record for this CA, it is at another name, or the record
 * does not say what the CA needs. */
#include "base/text.h"
#include "ca/profile.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "evidence/near.h"
#include "model/time.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>

enum { SHOWN = 200 };

/* A record that proves control of another name, or would if it were at the right one. */
struct hit {
    const struct near_name *n;
    const struct rr *rr;
    struct persist_record record;
};

/* The first such record among the given slips (a set of bits): it names this CA and this account. */
static bool persist_hit(struct judgement *j, unsigned slips, struct hit *ret)
{
    for (size_t i = 0; j->near && i < j->near->n; i++) {
        const struct near_name *n = &j->near->v[i];
        for (size_t k = 0; slips & 1u << n->slip && n->at.type == RR_TXT && k < n->at.n && !j->err; k++) {
            struct bytes text = txt_joined(j->a, n->at.rr[k]);
            *ret = (struct hit){.n = n, .rr = n->at.rr[k]};
            if (!text.p || near_synthesised(j->near, n, ret->rr))
                continue;
            j->err = persist_read(j->a, j->r, text, &ret->record);
            bool ours = !(ret->record.faults & (PERSIST_FOREIGN | PERSIST_MALFORMED | PERSIST_ACCOUNT));
            if (!j->err && (ours || ret->record.other_form))
                return true;
        }
    }
    return false;
}

/* The CAA record at the checked name whose value is a record of dns-persist. */
static const struct rr *caa_hit(struct judgement *j, const struct near_name **at)
{
    for (size_t i = 0; j->near && i < j->near->n; i++) {
        const struct near_name *n = &j->near->v[i];
        for (size_t k = 0; n->slip == NEAR_TYPE && k < n->at.n && !j->err; k++) {
            const struct rr *rr = n->at.rr[k];
            struct persist_record record;
            if (rr->type != RR_CAA || rr->rdlen < 2 || rr->rdata[1] > rr->rdlen - 2)
                continue;
            size_t from = 2u + rr->rdata[1];
            j->err = persist_read(j->a, j->r, (struct bytes){rr->rdata + from, rr->rdlen - from}, &record);
            *at = n;
            if (!j->err && !(record.faults & PERSIST_FOREIGN))
                return rr;
        }
    }
    return NULL;
}

/* owner: where the record is that the finding is about. */
static struct finding *about_at(struct judgement *j, enum cause c, const char *owner)
{
    struct finding *f = finding_add(j, c);
    const struct lookup *l = &j->persist.at;
    finding_set(j, f, "owner", owner);
    finding_fact(j, f, l->udp);
    finding_fact(j, f, l->fact);
    return f;
}

static struct finding *about(struct judgement *j, enum cause c)
{
    return about_at(j, c, j->persist.at.name ? j->persist.at.name : j->r->adn);
}

static bool has_fault(const struct judgement *j, unsigned fault)
{
    return judged_failing(j) && j->persist.rr && j->persist.best.faults & fault;
}

/* A record is removed where it stands for itself: behind an alias it belongs to somebody else. */
static void remove_hit(struct judgement *j, struct finding *f, const struct hit *hit)
{
    if (!hit->n->at.hops)
        fix_remove(j, f, hit->rr);
}

static const char *without_dot(struct judgement *j, const char *name)
{
    size_t n = strlen(name);
    return arena_strndup(j->a, name, n && name[n - 1] == '.' ? n - 1 : n);
}

/* ---------------------------------------------------------------- no record -------------------------- */

/* What stands at the name instead, a sentence. */
static const char *instead(struct judgement *j)
{
    const struct persist_view *v = &j->persist;
    if (!v->at.name)
        return arena_printf(j->a, "With %s in front the name would be longer than a name can be.",
                            j->r->profile->persist_label);
    if (!v->rr && v->at.hops)
        return arena_printf(j->a, "That name is an alias of %s, and there is no TXT record.", v->at.end);
    if (!v->rr)
        return v->at.class == LOOKUP_NXDOMAIN ? "That name does not exist at all."
                                              : "There is no TXT record at that name.";
    if (v->best.faults & PERSIST_MALFORMED)
        return arena_printf(
            j->a,
            "The record there begins with an issuer domain of this CA and breaks off at byte %zu; expected "
            "there: %s.",
            v->best.value.error_at, v->best.value.error);
    const char *issuer = v->best.value.sound && v->best.value.issuer.n
                             ? text_escape(j->a, (const char *)v->best.value.issuer.p, v->best.value.issuer.n, SHOWN)
                             : NULL;
    return issuer ? arena_printf(j->a, "The record there is for another CA, %s.", issuer)
                  : arena_printf(j->a, "%zu TXT record%s there, of another kind.", v->at.n,
                                 v->at.n == 1 ? " stands" : "s stand");
}

/* A record that another account proves the domain by. Several records may stand at the name. */
static bool of_another_account(const struct judgement *j)
{
    const struct persist_record *best = &j->persist.best;
    struct bytes account;
    return best->faults & PERSIST_ACCOUNT && !best->other_form &&
           caa_parameter(&best->value, "accounturi", &account) == 1 && account.n;
}

/* Puts the record at the checked name right. One that no account can use, and our own in the form that the CA does not
 * take, is replaced; that of another account stays, and ours goes beside it. */
static void put_right(struct judgement *j, struct finding *f)
{
    if (of_another_account(j))
        fix_publish_persist(j, f, NULL, NULL);
    else
        fix_publish_persist(j, f, j->persist.rr, &j->persist.best);
}

static void elsewhere(struct judgement *j, struct finding *f, const struct hit *hit)
{
    const struct near_name *n = hit->n;
    const char *where = n->slip == NEAR_DOUBLED
                            ? arena_printf(j->a, ", where %s stands once too often", without_dot(j, n->scope))
                        : n->slip_text ? arena_printf(j->a, " (%s)", n->slip_text)
                                       : "";
    finding_say(j, f, "instead", arena_printf(j->a, "It is at %s%s, where the CA does not look.", n->at.name, where));
    finding_fact(j, f, n->at.fact);
    if (n->slip != NEAR_ANCESTOR) {
        fix_publish_persist(j, f, NULL, &hit->record);
        remove_hit(j, f, hit);
        return;
    }
    fix_publish_persist(j, f, NULL, NULL); /* what the name above adds to its own record is not meant for this one */
    if (!hit->record.faults && hit->record.covers_below) {
        finding_or(j, f);
        struct fix *x = finding_fix(j, f, FIX_INPUT);
        x->argument = "adn";
        x->value = without_dot(j, n->scope);
        x->text =
            "Have the CA check at this name: its record has policy=wildcard and counts for all names below it.";
    }
}

void cause_persist_absent(struct judgement *j)
{
    const struct persist_view *v = &j->persist;
    const struct near_name *at;
    struct hit hit;
    bool none = v->at.class == LOOKUP_NODATA || v->at.class == LOOKUP_NXDOMAIN;
    if (!judged_failing(j) || !(none || has_fault(j, PERSIST_FOREIGN | PERSIST_MALFORMED)))
        return;
    bool malformed = v->rr && v->best.faults & PERSIST_MALFORMED;
    const struct texts *ids = caa_issuers(j->r);
    struct finding *f = about(j, CAUSE_persist_absent);
    finding_set(j, f, "issuer", ids->n ? ids->v[0] : "this CA");
    const struct rr *caa = malformed ? NULL : caa_hit(j, &at);
    if (!malformed && persist_hit(j, 1u << NEAR_DOUBLED | 1u << NEAR_OTHER, &hit)) {
        elsewhere(j, f, &hit);
    } else if (caa) {
        finding_say(j, f, "instead", "It is there as a CAA record, and must be a TXT record.");
        finding_fact(j, f, at->at.fact);
        fix_publish_persist(j, f, NULL, NULL);
        if (!at->at.hops)
            fix_remove(j, f, caa);
    } else if (!malformed && persist_hit(j, 1u << NEAR_ANCESTOR, &hit)) {
        elsewhere(j, f, &hit);
    } else {
        finding_say(j, f, "instead", instead(j));
        if (malformed)
            fix_publish_persist(j, f, v->rr, &v->best);
        else
            fix_publish_persist(j, f, NULL, NULL);
    }
}

/* ---------------------------------------------------------------- a wrong record --------------------- */

void cause_persist_other_account(struct judgement *j)
{
    if (!has_fault(j, PERSIST_ACCOUNT))
        return;
    const char *missing, *wanted = persist_account(j->a, j->r, &missing);
    struct finding *f = about(j, CAUSE_persist_other_account);
    finding_say(j, f, "what", j->persist.best.account_fault);
    finding_set(j, f, "wanted", wanted ? wanted : "");
    put_right(j, f);
}

/* Also for a check that passes, where the end comes before the CA has to look again. */
void cause_persist_expired(struct judgement *j)
{
    const struct persist_view *v = &j->persist;
    bool soon = j->report->verdict == VERDICT_PASS && v->best.until != TIME_UNKNOWN &&
                v->best.until - j->r->now < (int64_t)j->r->profile->persist_days * DAY_MS;
    if (!soon && !has_fault(j, PERSIST_UNTIL))
        return;
    struct finding *f = about(j, CAUSE_persist_expired);
    finding_say(j, f, "what",
                soon ? arena_printf(j->a, "holds only until %s, which is less than %u days away",
                                    time_words(j->a, v->best.until), j->r->profile->persist_days)
                     : v->best.until_fault);
    if (soon) {
        fix_advice(j, f, "Give the record a later persistUntil before that day.");
        return;
    }
    put_right(j, f);
    if (of_another_account(j))
        return;
    fix_advice(
        j, f,
        "Choose another end where this one does not suit: persistUntil is in seconds since 1970, and without it the "
        "record holds for as long as it stands.");
}

void cause_persist_no_wildcard(struct judgement *j)
{
    const struct persist_view *v = &j->persist;
    struct hit hit;
    bool none = v->at.class == LOOKUP_NODATA || v->at.class == LOOKUP_NXDOMAIN || has_fault(j, PERSIST_FOREIGN);
    if (has_fault(j, PERSIST_SCOPE)) {
        struct finding *f = about(j, CAUSE_persist_no_wildcard);
        finding_say(j, f, "what", v->best.scope_fault);
        put_right(j, f);
    } else if (judged_failing(j) && none && persist_hit(j, 1u << NEAR_STAR, &hit)) {
        struct finding *f = about_at(j, CAUSE_persist_no_wildcard, hit.n->at.name);
        finding_say(j, f, "what",
                    arena_printf(j->a, "stands below the star, where the CA does not look: it belongs at %s%s",
                                 v->at.name, j->r->wildcard ? ", with policy=wildcard" : ""));
        finding_fact(j, f, hit.n->at.fact);
        fix_publish_persist(j, f, NULL, &hit.record);
        remove_hit(j, f, &hit);
    }
}
