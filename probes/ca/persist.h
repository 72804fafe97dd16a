/* persist.h - the TXT record of method dns-persist: what one says, and how a right one is written. Pure.
 *
 * Sources: Baseline Requirements 3.2.2.4.22, draft-ietf-acme-dns-persist-01 and -02. The value has the syntax of a CAA
 * issue value (RFC 8659 4.2): an issuer domain, then parameters. Draft -01 writes the account in clear, as
 * --account-uri has it; draft -02 writes a hash that is made for one account, key and domain. The profile says which
 * of the two the CA takes. Texts are in the arena given. */
#ifndef DCV_PERSIST_H
#define DCV_PERSIST_H

#include "ca/caa.h"

/* What keeps a record from proving control, the worst first: a record with a lower bit set is further from right. */
enum {
    PERSIST_FOREIGN = 1 << 0,   /* no record for this CA: another text, or the value of another CA */
    PERSIST_MALFORMED = 1 << 1, /* it begins with an issuer domain of this CA, and then breaks the grammar */
    PERSIST_ACCOUNT = 1 << 2,   /* accounturi is not the account's, or not there exactly once */
    PERSIST_UNTIL = 1 << 3,     /* persistUntil is past, no number, or there more than once */
    PERSIST_SCOPE = 1 << 4,     /* policy=wildcard is needed and not there */
};

struct persist_record {
    /* .issuer and .parameters; of a value that breaks the grammar .error, .error_at, and for PERSIST_MALFORMED the
     * parameters that are sound all the same. */
    struct caa_record value;
    unsigned faults;         /* bits of PERSIST_…; 0: the record proves control */
    const char *account_fault; /* PERSIST_ACCOUNT: a clause about the record, such as "has two accounturi parameters" */
    const char *until_fault;   /* PERSIST_UNTIL: the same */
    const char *scope_fault;   /* PERSIST_SCOPE: the same */
    bool other_form; /* PERSIST_ACCOUNT: it is the right account in the form that the CA does not take */
    bool covers_below; /* it has policy=wildcard */
    dcv_time until;  /* what persistUntil says; TIME_UNKNOWN where it says nothing that can be read */
};

/* Reads the text of a TXT record, its character-strings joined. 0, -ENOMEM or -EIO. */
int persist_read(struct arena *a, const struct request *r, struct bytes text, struct persist_record *ret);

/* accounturi as the CA takes it for the name that is checked; NULL where the request does not tell it, with *missing (a
 * sentence, static) set, or where the arena is full. */
const char *persist_account(struct arena *a, const struct request *r, const char **missing);

/* The hashed form of draft -02, 4.1: prefix, "sha-256/", and the hash. domain: the name below the label, without final
 * dot, or "*" for a hash that holds for every domain. NULL: the arena is full, or the hash cannot be computed. */
const char *persist_hashed_account(struct arena *a, const char *prefix, const char *domain, const char *thumbprint,
                                   const char *account_uri);

/* A right value for the request. old (may be NULL): the record that it replaces, whose other parameters are kept.
 * until: the end that a value without old gets; TIME_UNKNOWN for none. NULL where persist_account() is. */
const char *persist_value(struct arena *a, const struct request *r, const struct persist_record *old, dcv_time until);

/* policy=wildcard is needed: for a wildcard name, and for a name below the one that is checked. */
bool persist_needs_wildcard(const struct request *r);

#endif
