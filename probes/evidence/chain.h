/* chain.h - the DNSSEC chain of trust of one answer, read from facts: where does it break? Pure.
 *
 * Both plan and judge call chain_walk(). It goes as far as the facts lead, and asks the missing questions through its
 * asker: the answer again, with signatures and with checking disabled; then DS and DNSKEY of its zone and of each zone
 * above, up to the root. chain_fault() reads the chain from the root down, as a validator does, and returns the first
 * link that does not hold. It only explains: that the answer is bogus was decided by a validating resolver before, and
 * so was which keys of the root are trusted.
 *
 * A struct chain belongs to its caller; all texts and facts in it are in the arena. One thread, that of the arena.
 * Sources: RFC 4034, RFC 4035 5. */
#ifndef DCV_CHAIN_H
#define DCV_CHAIN_H

#include "evidence/lookup.h"
#include "wire/dnssec_rr.h"

/* ZONES: six are enough for a.b.example.co.uk with all zones above, and for an alias between two top-level domains.
 * ITEMS: sets of records in the answer. CHECKS: signatures that are verified for one answer, since a hostile answer can
 * hold thousands (KeyTrap). KEYS: keys, and DS records, of a zone that are looked at. DIGESTS: comparisons of a key
 * with a DS record of its tag at one zone; validators give up earlier, and then call the answer bogus. */
enum {
    CHAIN_ZONES_MOST = 6,
    CHAIN_ITEMS_MOST = 8,
    CHAIN_CHECKS_MOST = 32,
    CHAIN_KEYS_MOST = 64,
    CHAIN_DIGESTS_MOST = 32
};

struct chain_zone {
    const char *name;
    const struct chain_zone *parent; /* NULL for the root, or unknown */
    const struct fact *ds, *dnskey;   /* usable answers or NULL; the root has no DS */
};

/* A part of the answer that must be signed: a set of records, or (.denial) the proof that there is none. */
struct chain_item {
    const char *owner;
    uint16_t type;
    bool denial;
    const struct chain_zone *zone; /* NULL where unknown */
};

struct chain {
    const struct fact *answer; /* usable, or NULL */
    struct chain_item item[CHAIN_ITEMS_MOST];
    size_t n_items;
    struct chain_zone zone[CHAIN_ZONES_MOST];
    size_t n;
};

/* Follows the chain of the answer for name and type. 0 or -ENOMEM. */
int chain_walk(struct arena *a, const struct asker *asker, const char *name, uint16_t type,
                struct chain *ret);

/* What is wrong at .zone:
 *   no-keys     the parent has a DS record, and the zone has no DNSKEY
 *   other-keys  the DS records match none of the zone's keys
 *   expired, future   the signature .sig over .owner .type is no longer valid, or not yet
 *   no-denial   nothing proves that there is no .owner .type: no NSEC or NSEC3, or unsigned ones (.what says which)
 *   unsigned    no signature over .owner .type
 *   key-gone    the signature .sig was made with a key that the zone does not have
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
    const struct fact *fact; /* the fact that shows it */
    bool wildcard;           /* no-denial: the record exists, made from a wildcard */
    bool clock;              /* the root's own signature is not valid now, so the local clock is probably wrong */
};

/* The text that replaces the random value of a request in a redacted case; NULL where it is not redacted. See
 * JSON_REDACT in json_write_report.h. */
const char *chain_stand_in(const struct request *r);

/* Finds the first link that does not hold at the time now. stand_in: the text that replaces the random value in a
 * redacted case, or NULL; for a set that contains it only the time of a signature is checked, since the signature
 * cannot fit. 0 or -ENOMEM. */
int chain_fault(struct arena *a, const struct chain *c, dcv_time now, const char *stand_in,
                 struct chain_fault *ret);

/* The first CHAIN_KEYS_MOST well-formed keys or DS records of a zone, none where they are unknown: an array in the
 * arena, NULL where it is full. */
struct dnskey *chain_keys(struct arena *a, const struct chain_zone *z, size_t *n);
struct ds *chain_ds(struct arena *a, const struct chain_zone *z, size_t *n);

#endif
