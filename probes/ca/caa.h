/* caa.h - what a CAA set means for one request. Pure.
 *
 * Sources: RFC 8659 (records and their values), RFC 8657 (accounturi, validationmethods), RFC 9495 (issuemail),
 * Baseline Requirements 4.2.2.1. The set is given: other modules search for it. Everything returned is in the arena
 * given. Time and memory are linear in the octets of the set, whatever it holds. */
#ifndef DCV_CAA_H
#define DCV_CAA_H

#include "model/dcv.h"

#define CAA_TAGS(X)                                                                                          \
    X(CAA_UNKNOWN, "")                                                                                       \
    X(CAA_ISSUE, "issue")                                                                                    \
    X(CAA_ISSUEWILD, "issuewild")                                                                            \
    X(CAA_ISSUEMAIL, "issuemail")                                                                            \
    X(CAA_ISSUEVMC, "issuevmc")                                                                              \
    X(CAA_IODEF, "iodef")                                                                                    \
    X(CAA_CONTACTEMAIL, "contactemail")                                                                      \
    X(CAA_CONTACTPHONE, "contactphone")
enum caa_tag { CAA_TAGS(DCV_MEMBER) };

struct caa_parameter {
    struct bytes tag, value;
};

/* The parameter because of which an applicable value that names the CA does not permit. */
enum caa_unmet { CAA_MET, CAA_ACCOUNT_URI, CAA_ACCOUNT, CAA_METHODS };
#define CAA_UNMET_BIT(u) (1u << (u))

/* One record after it was read. */
struct caa_record {
    const struct rr *rr;
    bool broken;    /* the rdata does not parse */
    bool critical;  /* flag bit 0, value 128 */
    bool legal_tag; /* one or more of a-z A-Z 0-9 */
    uint8_t flags;
    enum caa_tag known;
    struct bytes tag, value;
    bool applies;        /* the record applies to the purpose, and to a wildcard or a plain name */
    bool sound;          /* the value follows the grammar; meant for applicable records only */
    size_t error_at;     /* byte of the value at which the grammar breaks */
    const char *error;   /* what was expected there, in words (static) */
    struct bytes issuer; /* "" for ";" and the empty value */
    struct caa_parameter *parameters;
    size_t n_parameters;
    bool names_us;
    enum caa_unmet unmet;
    /* CAA_UNMET_BITs of parameters that somebody can meet, while the request gives no account or method to compare them
     * with. 0 where another parameter is not met: then it does not matter. */
    unsigned open;
};

struct caa_set {
    struct caa_record *v;
    size_t n;
    size_t n_applicable;
    const struct caa_record *open;    /* no record permits, and what the request leaves open decides whether this one
                                       * does; .code is CODE_NONE then. NULL: the set is decided */
    enum code code;                   /* CODE_NONE: permits */
    const struct caa_record *decider; /* the record that the code rests on; NULL where none does */
};

/* Reads one value of issue, issuewild, issuemail or issuevmc into r->issuer and r->parameters. The caller sets
 * r->value. False: the value breaks the grammar at r->error_at, and r->error says how. */
bool caa_value_parse(struct arena *a, struct caa_record *r);

/* For a value that breaks the grammar behind its issuer: sets r->parameters to those between semicolons that are sound
 * by themselves. False: the arena is full. */
bool caa_sound_parameters(struct arena *a, struct caa_record *r);

/* How many parameters of a record have this tag; *ret: the value of the first. */
size_t caa_parameter(const struct caa_record *r, const char *tag, struct bytes *ret);

/* Judges a complete set for a request. 0 or -ENOMEM. */
int caa_judge(struct arena *a, const struct request *r, const struct rr *const *rr, size_t n,
              struct caa_set *ret);

/* The tag that decides for a purpose, such as "issue"; "issuewild" only where wild is true (a wildcard name, and a set
 * with an issuewild record). */
const char *caa_tag_name(enum caa_tag t);
enum caa_tag caa_tag_for(enum purpose purpose, bool wild);

/* The RFC 8657 labels of the request: those given, else those that the profile lists for its methods. In the arena. */
struct texts caa_methods_in_use(struct arena *a, const struct request *r);
/* Where the rules stand by which a CA looks at CAA for a purpose: "Baseline Requirements 4.2.2.1". Static. */
const char *caa_requirements(enum purpose purpose);
/* The known tag that a tag was most likely meant to be: it differs by a letter or two, goes on behind it, or its
 * parts are exchanged. CAA_UNKNOWN where it is near none, or is itself a known one. */
enum caa_tag caa_tag_near(struct bytes tag);
/* The CA's identifiers: those of the request, else those of the profile. */
const struct texts *caa_issuers(const struct request *r);

#endif
