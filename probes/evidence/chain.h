/* chain.h - the chain of trust behind one answer, from facts: where does it break? Pure.
 *
 * chain_walk() serves plan and judge alike: it goes as far as the facts lead and puts the questions that it
 * lacks through the asker it was given: the answer once more, with its signatures and checking disabled; DS and
 * DNSKEY of its zone, then of each zone above, up to the root. chain_fault() reads the chain from the root
 * down, as a validator does, and gives the first link that does not hold. Nothing of it is a verdict: that the
 * answer is bogus a validating resolver has said before anybody looks here. Which keys of the root are to be
 * trusted is the resolver's matter, too.
 *
 * All of it lives in the arena. Sources: RFC 4034, RFC 4035 5. */
#ifndef DCV_CHAIN_H
#define DCV_CHAIN_H

#include "evidence/lookup.h"
#include "wire/dnssec_rr.h"

/* Six zones are a.b.example.co.uk and all above, or an alias between two top-level domains. ITEMS: sets of an
 * answer. CHECKS: signatures verified for one answer; a hostile one could hold thousands (as KeyTrap did). */
enum { CHAIN_ZONES_MOST = 6, CHAIN_ITEMS_MOST = 8, CHAIN_CHECKS_MOST = 32 };

struct chain_zone {
    const char *name;
    const struct chain_zone *parent; /* NULL: of the root, or not known */
    const struct fact *ds, *dnskey;   /* usable answers, NULL where there is none; the root has no DS */
};

/* A part of the answer that must be signed: a set, or the proof that there is none (.denial). */
struct chain_item {
    const char *owner;
    uint16_t type;
    bool denial;
    const struct chain_zone *zone; /* NULL where it is not known */
};

struct chain {
    const struct fact *answer; /* usable, or NULL */
    struct chain_item item[CHAIN_ITEMS_MOST];
    size_t n_items;
    struct chain_zone zone[CHAIN_ZONES_MOST];
    size_t n;
};

/* 0 or -ENOMEM. */
int chain_walk(struct arena *a, const struct asker *asker, const char *name, uint16_t type,
                struct chain *ret);

/* What is wrong, each at .zone:
 *   no-keys     a DS record, and the zone has no DNSKEY
 *   other-keys  DS records that fit none of its keys
 *   expired, future   the signature .sig over .owner .type
 *   no-denial   an answer that there is no .owner .type, without NSEC or NSEC3, or with unsigned ones (.what)
 *   unsigned    no signature over .owner .type
 *   key-gone    signed by a key that the zone does not have, .sig
 *   altered     the signature .sig does not fit the data */
#define DCV_CHAIN_FAULTS(X)                                                                                 \
    X(CHAIN_NO_FAULT, "none")                                                                               \
    X(CHAIN_NO_KEYS, "no-keys")                                                                             \
    X(CHAIN_OTHER_KEYS, "other-keys")                                                                       \
    X(CHAIN_EXPIRED, "expired")                                                                             \
    X(CHAIN_FUTURE, "future")                                                                               \
    X(CHAIN_NO_DENIAL, "no-denial")                                                                         \
    X(CHAIN_UNSIGNED, "unsigned")                                                                           \
    X(CHAIN_KEY_GONE, "key-gone")                                                                           \
    X(CHAIN_ALTERED, "altered")
enum chain_fault_kind { DCV_CHAIN_FAULTS(DCV_MEMBER) };

struct chain_fault {
    enum chain_fault_kind kind;
    const struct chain_zone *zone;
    const char *owner, *what;
    uint16_t type;
    struct rrsig sig;
    const struct fact *fact; /* that shows it */
    bool wildcard;           /* no-denial: there is a record, made from a wildcard */
    bool clock;              /* not even the root's own signature is of this time: the clock here is doubtful */
};

/* stand_in: what a redacted case has in the place of the random value, or NULL: of a set in which it stands the time
 * of a signature can be judged, not whether it fits. 0 or -ENOMEM. */
int chain_fault(struct arena *a, const struct chain *c, dcv_time now, const char *stand_in,
                 struct chain_fault *ret);

/* The sound keys or DS records of a zone, as far as they are known: an array in the arena, NULL where it is full. */
struct dnskey *chain_keys(struct arena *a, const struct chain_zone *z, size_t *n);
struct ds *chain_ds(struct arena *a, const struct chain_zone *z, size_t *n);

#endif
