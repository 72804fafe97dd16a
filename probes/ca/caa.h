/* caa.h - what a CAA set means for one request. Pure.
 *
 * Sources: RFC 8659 (records and their values), RFC 8657 (accounturi, validationmethods), RFC 9495
 * (issuemail), Baseline Requirements 4.2.2.1. The search for the relevant set is plan's and verdict's; here
 * the set is given. Time and memory are linear in its octets, whatever stands in it. */
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

/* Why an applicable value that names the CA does not permit. */
enum caa_unmet { CAA_MET, CAA_ACCOUNT_URI, CAA_ACCOUNT, CAA_METHODS };

/* One record, read. */
struct caa_record {
    const struct rr *rr;
    bool broken;    /* the rdata does not parse */
    bool critical;  /* flag bit 0, value 128 */
    bool legal_tag; /* one or more of a-z A-Z 0-9 */
    uint8_t flags;
    enum caa_tag known;
    struct bytes tag, value;
    bool applies;        /* to the purpose, and to a wildcard or a plain name */
    bool sound;          /* the value follows the grammar; meant for applicable records only */
    size_t error_at;     /* byte of the value at which the grammar breaks */
    const char *error;   /* what was expected there, in words (static) */
    struct bytes issuer; /* "" for ";" and the empty value */
    struct caa_parameter *parameters;
    size_t n_parameters;
    bool names_us;
    enum caa_unmet unmet;
};

struct caa_set {
    struct caa_record *v;
    size_t n;
    size_t n_applicable;
    enum code code;                   /* CODE_NONE: permits */
    const struct caa_record *decider; /* the record that the code rests on; NULL where none does */
};

/* Reads one value of issue, issuewild, issuemail or issuevmc into r->issuer and r->parameters. False: the
 * grammar is broken at r->error_at, r->error says how. r->value is given. */
bool caa_value_parse(struct arena *a, struct caa_record *r);

/* How often a parameter stands in a record that was read, and in *ret its first value. */
size_t caa_parameter(const struct caa_record *r, const char *tag, struct bytes *ret);

/* Judges a complete set for a request. 0 or -ENOMEM. */
int caa_judge(struct arena *a, const struct request *r, const struct rr *const *rr, size_t n,
              struct caa_set *ret);

/* The tag that decides for the request's purpose: "issue", "issuewild" only where wild is true and the set
 * has any. */
const char *caa_tag_name(enum caa_tag t);
enum caa_tag caa_tag_for(enum purpose purpose, bool wild);

/* The RFC 8657 labels in use: those given, else those that the profile has for the request's methods. In the arena. */
struct texts caa_methods_in_use(struct arena *a, const struct request *r);
/* The CA's identifiers: those given, else the profile's. */
const struct texts *caa_issuers(const struct request *r);

#endif
