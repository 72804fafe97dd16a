/* dcv.h - the data types of a check, and the two pure functions that make a report of them.
 *
 *   request (what is asked) -> ask (one question to the network) -> fact (what came back)
 *   -> evidence (all facts of a check) -> finding (a cause with its proof and its fix)
 *   -> report (verdict, code, findings)
 *
 * plan_next() turns a request and the evidence so far into the next asks; observers answer each with one
 * fact; judge() turns the evidence into a report. This header needs libc alone. Neither function does I/O or
 * reads a clock: they get the time as request.now and fact.us.
 *
 * Everything that a pointer here leads to lives in the arena of the check (or in that of the request, which must
 * outlive the check), is never freed by itself and is never shared between threads.
 * Text is UTF-8 and ends with a NUL. DNS names in asks, facts and fixes are absolute, in zone-file form:
 * final dot, bytes outside [!-~] as \DDD, a dot within a label as \. - two names are the same when they are
 * equal without regard to ASCII case (name_equal in name.h). Names that a person typed (request.domain,
 * .adn) have no final dot. */
#ifndef DCV_H
#define DCV_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DCV_SCHEMA_VERSION 1 /* of the JSON documents, see json_write_report.h */

/* ---------------------------------------------------------------- enums, each with its names --------- */

/* Third column: the method's struct method_rules (methods.h). Fourth: its traits. METHOD_FILE: the value stands in a
 * file on a web site, which proves control of the host that serves it, but of no wildcard and of no name below
 * (BR 3.2.2.4.18). METHOD_FOR_IP: it can prove control of an IP address, which has no DNS records of its own. */
enum { METHOD_FILE = 1, METHOD_FOR_IP = 2 };
#define DCV_METHODS(X)                                                                                       \
    X(METHOD_DNS_TXT_TOKEN, "dns-txt-token", txt_rules, 0)                                                   \
    X(METHOD_DNS_CNAME_TOKEN, "dns-cname-token", cname_rules, 0)                                             \
    X(METHOD_DNS_CNAME_TARGET, "dns-cname-target", target_rules, 0)                                          \
    X(METHOD_HTTP_TOKEN, "http-token", file_rules, METHOD_FILE | METHOD_FOR_IP)                              \
    X(METHOD_HTTP_TOKEN_DYNAMIC, "http-token-dynamic", file_dynamic_rules, METHOD_FILE)                      \
    X(METHOD_DNS_PERSIST, "dns-persist", persist_rules, 0)                                                   \
    X(METHOD_CAA, "caa", caa_rules, 0)

#define DCV_PURPOSES(X) X(PURPOSE_TLS, "tls") X(PURPOSE_SMIME, "smime") X(PURPOSE_VMC, "vmc")
#define DCV_DEPTHS(X) X(DEPTH_QUICK, "quick") X(DEPTH_FULL, "full")
#define DCV_VERDICTS(X) X(VERDICT_UNDECIDED, "undecided") X(VERDICT_PASS, "pass") X(VERDICT_FAIL, "fail")
#define DCV_CHALLENGES(X)                                                                                    \
    X(CHALLENGE_NONE, "none") X(CHALLENGE_RANDOM_VALUE, "random-value") X(CHALLENGE_REQUEST_TOKEN, "request-token")

/* blocking: explains a failure by itself; risk: passes here but can fail at the CA; note: worth knowing. */
#define DCV_WEIGHTS(X) X(WEIGHT_BLOCKING, "blocking") X(WEIGHT_RISK, "risk") X(WEIGHT_NOTE, "note")

/* Who has to change something so that a check passes, and how a report calls them. zone-owner: edits the records of the
 * domain. dns-provider: runs name servers. registrar: keeps the delegation, glue and DS records of a zone in the zone
 * above, and the registration itself. web-host: the web server with its CDN and firewall. network: the network, and the
 * resolver, of whoever makes the check. requester: places the order, with its name, method, token and CSR. */
#define DCV_ACTORS(X)                                                                                        \
    X(ACTOR_ZONE_OWNER, "zone-owner", "whoever edits the domain's DNS records")                              \
    X(ACTOR_DNS_PROVIDER, "dns-provider", "whoever runs the name servers")                                   \
    X(ACTOR_REGISTRAR, "registrar", "the owner of the domain, at its registrar")                             \
    X(ACTOR_WEB_HOST, "web-host", "whoever runs the web server, its CDN and firewall")                       \
    X(ACTOR_NETWORK, "network", "whoever runs the network and resolver used here")                           \
    X(ACTOR_CA, "ca", "the CA")                                                                              \
    X(ACTOR_REQUESTER, "requester", "whoever places the order")

/* How much of a method is to be seen at the domain, where the method does not pass: whether somebody has begun to use
 * it. none; record: something stands where the method's value belongs; near: the value itself, altered, expired or at
 * another place. */
#define DCV_TRACES(X) X(TRACE_NONE, "none") X(TRACE_RECORD, "record") X(TRACE_NEAR, "near")

/* Whom an ask goes to. direct: a web server, from this machine; perspective: a resolver at another place of the network
 * (BR 3.2.2.9). */
#define DCV_VIAS(X)                                                                                          \
    X(VIA_RESOLVER, "resolver") X(VIA_AUTHORITATIVE, "authoritative") X(VIA_DIRECT, "direct")               \
    X(VIA_PERSPECTIVE, "perspective")

/* What a DNS exchange came to. answer: NOERROR with a record of the type (or an alias) in the answer section;
 * nodata: NOERROR without one; unreachable: an ICMP refusal or no route; malformed: bytes that are no DNS
 * answer to the question (a single broken record leaves the outcome alone and stands in .defects);
 * other: any other rcode. */
#define DCV_DNS_OUTCOMES(X)                                                                                  \
    X(DNS_ANSWER, "answer") X(DNS_NODATA, "nodata") X(DNS_NXDOMAIN, "nxdomain") X(DNS_SERVFAIL, "servfail")  \
    X(DNS_REFUSED, "refused") X(DNS_TIMEOUT, "timeout") X(DNS_UNREACHABLE, "unreachable")                    \
    X(DNS_MALFORMED, "malformed") X(DNS_OTHER, "other")

#define DCV_HTTP_OUTCOMES(X)                                                                                 \
    X(HTTP_RESPONSE, "response") X(HTTP_REFUSED, "refused") X(HTTP_TIMEOUT, "timeout")                       \
    X(HTTP_UNREACHABLE, "unreachable") X(HTTP_TLS, "tls") X(HTTP_NOT_HTTP, "not-http")                       \
    X(HTTP_FORBIDDEN_ADDRESS, "forbidden-address") X(HTTP_TOO_MANY_REDIRECTS, "too-many-redirects")          \
    X(HTTP_RESET, "reset")

#define DCV_FIX_OPS(X)                                                                                       \
    X(FIX_ADD, "add") X(FIX_REMOVE, "remove") X(FIX_REPLACE, "replace") X(FIX_PUT_FILE, "put-file")          \
    X(FIX_WAIT, "wait") X(FIX_INPUT, "input") X(FIX_ADVICE, "advice")

#define DCV_MEMBER(sym, ...) sym,
#define DCV_ONE(sym, ...) +1
enum method { DCV_METHODS(DCV_MEMBER) };
enum purpose { DCV_PURPOSES(DCV_MEMBER) };
enum depth { DCV_DEPTHS(DCV_MEMBER) };
enum verdict { DCV_VERDICTS(DCV_MEMBER) };
enum challenge { DCV_CHALLENGES(DCV_MEMBER) };
enum weight { DCV_WEIGHTS(DCV_MEMBER) };
enum actor { ACTOR_NONE, DCV_ACTORS(DCV_MEMBER) }; /* ACTOR_NONE: not known */
enum trace { DCV_TRACES(DCV_MEMBER) };
enum via { DCV_VIAS(DCV_MEMBER) };
enum dns_outcome { DCV_DNS_OUTCOMES(DCV_MEMBER) };
enum http_outcome { DCV_HTTP_OUTCOMES(DCV_MEMBER) };
enum fix_op { DCV_FIX_OPS(DCV_MEMBER) };
enum { METHOD_COUNT = 0 DCV_METHODS(DCV_ONE), VERDICT_COUNT = 0 DCV_VERDICTS(DCV_ONE) };

const char *method_name(enum method m);
const char *purpose_name(enum purpose p);
const char *depth_name(enum depth d);
const char *verdict_name(enum verdict v);
const char *challenge_name(enum challenge c);
const char *weight_name(enum weight w);
const char *actor_name(enum actor a);  /* NULL for ACTOR_NONE */
const char *actor_words(enum actor a); /* for a person, to stand after "for"; NULL for ACTOR_NONE */
const char *trace_name(enum trace t);
const char *via_name(enum via v);
const char *dns_outcome_name(enum dns_outcome o);
const char *http_outcome_name(enum http_outcome o);
const char *fix_op_name(enum fix_op op);

/* From a name to its value. False where text is no name of the enum: *ret is left as it was. */
bool method_parse(const char *text, enum method *ret);
bool purpose_parse(const char *text, enum purpose *ret);
bool depth_parse(const char *text, enum depth *ret);
bool verdict_parse(const char *text, enum verdict *ret);
bool challenge_parse(const char *text, enum challenge *ret);
bool weight_parse(const char *text, enum weight *ret);
bool actor_parse(const char *text, enum actor *ret);
bool trace_parse(const char *text, enum trace *ret);
bool via_parse(const char *text, enum via *ret);
bool dns_outcome_parse(const char *text, enum dns_outcome *ret);
bool http_outcome_parse(const char *text, enum http_outcome *ret);
bool fix_op_parse(const char *text, enum fix_op *ret);

#define METHOD_BIT(m) (1u << (unsigned)(m))
bool method_is_file(enum method m); /* the others are answered by DNS records alone, caa included */
bool method_for_ip(enum method m);  /* it may be used for an IP address */

/* DNS record types that the rules know by name; wire.h knows more of them by text. */
enum {
    RR_A = 1, RR_NS = 2, RR_CNAME = 5, RR_SOA = 6, RR_PTR = 12, RR_MX = 15, RR_TXT = 16, RR_AAAA = 28,
    RR_SRV = 33, RR_DNAME = 39, RR_OPT = 41, RR_DS = 43, RR_RRSIG = 46, RR_NSEC = 47, RR_DNSKEY = 48,
    RR_NSEC3 = 50, RR_HTTPS = 65, RR_CAA = 257
};

/* ---------------------------------------------------------------- small values ----------------------- */

struct bytes {
    const uint8_t *p;
    size_t n;
};
/* Without the blanks, line ends and control characters (all up to the space) at both ends. */
struct bytes bytes_trim(struct bytes v);

/* A list of texts: n of them at v. */
struct texts {
    const char **v;
    size_t n;
};
bool texts_add(struct arena *a, struct texts *t, const char *s); /* grows by doubling; false: arena full */
bool texts_have(const struct texts *t, const char *s);

/* Points in time are milliseconds since 1970-01-01T00:00:00Z; TIME_UNKNOWN where none was given. */
typedef int64_t dcv_time;
#define TIME_UNKNOWN INT64_MIN

/* ---------------------------------------------------------------- the catalogues --------------------- */

#define DCV_CODE_CLASSES(X)                                                                                  \
    X(CLASS_PROBE, "probe") X(CLASS_OFFLINE, "offline") X(CLASS_POLICY, "policy") X(CLASS_API, "api")        \
    X(CLASS_ACCOUNT, "account")
#define DCV_CODE_BASES(X)                                                                                    \
    X(BASIS_DOCUMENTED, "documented") X(BASIS_LIBRARY, "library") X(BASIS_STANDARD, "standard")              \
    X(BASIS_RULE, "rule") X(BASIS_SEEN, "seen")
enum code_class { DCV_CODE_CLASSES(DCV_MEMBER) };
enum code_basis { DCV_CODE_BASES(DCV_MEMBER) };
const char *code_class_name(enum code_class c);
const char *code_basis_name(enum code_basis b);

/* CODE_NONE, then one member for each row of codes.def, in its order, then those of codes_seen.def. */
enum code {
    CODE_NONE,
#define X(id, ...) CODE_##id,
#include "model/codes.def"
#include "model/codes_seen.def"
#undef X
};
enum { CODE_COUNT = 0
#define X(id, ...) +1
#include "model/codes.def"
#include "model/codes_seen.def"
#undef X
};

struct code_info {
    const char *code;     /* as an error carries it, without its variables: "not_found|order", "required_param:" */
    const char *spelling; /* with its variables named: "dns_mismatch|variable" */
    int status;           /* HTTP */
    int variables;        /* how many follow the code */
    enum code_class class;
    enum code_basis basis; /* how certain it is that this code means this */
    const char *message;   /* ours, one sentence, as an API answer carries it */
    const char *meaning;   /* what the CA saw when it gave this code */
    const char *check;     /* what to look at, or where in the account */
    const char *seen;      /* BASIS_SEEN: where it was seen; NULL for a code of the API's document */
};
const struct code_info *code_info(enum code c); /* NULL for CODE_NONE */

/* One error as the API would answer it. */
struct code_error {
    enum code code;
    const char *variable[2]; /* NULL beyond code_info()->variables */
};
/* "dns_mismatch|shop.example.com", "invalid_value:depth"; NULL where the arena is full. */
char *code_text(struct arena *a, const struct code_error *e);

/* CAUSE_NONE, then one member for each row of causes.def, in its order, which is also the rank of causes of
 * equal weight. */
enum cause {
    CAUSE_NONE,
#define X(id, ...) CAUSE_##id,
#include "model/causes.def"
#undef X
};
enum { CAUSE_COUNT = 0
#define X(id, ...) +1
#include "model/causes.def"
#undef X
};

struct cause_info {
    const char *id;      /* stable: stands in JSON, database and documents */
    enum weight weight;  /* the highest that a finding of it can have */
    unsigned methods;    /* METHOD_BITs that it can explain */
    enum actor who_acts; /* on a finding of it, unless its cure is somebody else's (judge.c); never ACTOR_NONE */
    const char *summary; /* template: {name} is filled from the finding's variables */
    const char *hint;    /* what to know about this cause in general */
};
extern const struct cause_info cause_list[CAUSE_COUNT + 1]; /* by enum cause */
const struct cause_info *cause_info(enum cause c); /* NULL for CAUSE_NONE */
enum cause cause_find(const char *id);             /* CAUSE_NONE where there is none */

/* ---------------------------------------------------------------- request ---------------------------- */

struct profile;

/* What is asked: one domain, one method. A request as submitted may name several methods (.methods); for each of them
 * a check is made whose request has .method set and shares the rest. format/request.c fills it and checks the values;
 * from then on it is constant. What was not given is NULL, an empty list or 0. */
struct request {
    const struct profile *profile; /* never NULL */
    const char *input;             /* the domain as typed */
    const char *domain;            /* A-labels, lower case; or an IP address as text; NULL where .name_code is set */
    const char *registrable;       /* registrable domain of .domain (ICANN section), NULL for an IP address */
    /* The top-level domain of .domain where the public suffix list lacks it: the root is asked whether there is one.
     * Else NULL. */
    const char *top;
    bool wildcard, is_ip;
    enum code name_code;       /* dns_invalid_domain or internal_names_not_allowed; then nothing is asked */
    enum cause name_cause;     /* why: name-invalid, name-internal or name-is-public-suffix */
    const char *name_reason;   /* one sentence: what is wrong with it, and where */
    const char *name_suggestion; /* the corrected input where one is obvious */

    unsigned methods; /* METHOD_BITs asked for; 0: all that the input allows */
    bool methods_given; /* .methods were named one by one; false: they are all that the input allows */
    enum method method;

    const char *adn;    /* authorization domain name to check at; .domain unless given */
    /* Where .adn is neither .domain nor above it: the registrable domain of .domain, while .registrable is that of
     * .adn. Such a name counts only if the CNAME record of .domain leads to it, which judge() finds out. Else NULL. */
    const char *own_registrable;
    const char *token;  /* random value */
    struct bytes auth_key, csr; /* .n is 0 where not given; auth_key is secret and leaves no trace in any output */
    const char *auth_key_name;  /* the name under which the daemon's configuration knows the key */
    struct texts computed;  /* request tokens that a case file gives in place of the key. A list without tokens still
                             * stands for a key: .v is set and .n is 0. .v is NULL where no list is given */
    dcv_time issued;        /* of the random value */
    const char *filename;   /* of http-token-dynamic */
    struct texts issuers;   /* accepted CAA identifiers; the profile's where empty */
    const char *ca;         /* the public CA whose identifiers .issuers are; NULL: the profile's CA */
    enum purpose purpose;
    struct texts validation_methods; /* RFC 8657 labels in use; those of the methods where empty */
    const char *account_uri, *caa_account;
    const char *account_thumbprint; /* of the account's key (RFC 7638), as base64url: 43 characters */
    struct texts allow_targets, validated_targets;
    enum depth depth;
    bool sparing; /* one of many checks at once: it asks one thing after the other, and no more than decides */
    struct texts resolvers; /* "192.0.2.53:53", "[2001:db8::53]:53"; the system's where empty */
    /* "NAME=192.0.2.53:53" or "NAME@REGION=192.0.2.53:53": resolvers at other places of the network (BR 3.2.2.9). The
     * region is the service region of a regional internet registry, of DCV_REGIONS, where it is known. */
    struct texts perspectives;
    const char *label; /* the user's own name for it, UTF-8; NULL: none */
    const char *edited_at; /* host name or address of the name server at which the customer edited the zone */
    uint32_t deadline_ms; /* for each domain and method */
    struct texts allow_net; /* "10.0.0.0/8" */
    dcv_time now; /* when the check was started */
};

/* The regional internet registries, in whose service regions places of the network lie (BR 3.2.2.9). */
#define DCV_REGIONS(X)                                                                                       \
    X("ARIN")                                                                                                \
    X("RIPE")                                                                                                \
    X("APNIC")                                                                                               \
    X("LACNIC")                                                                                              \
    X("AFRINIC")

/* Given as the only resolver, this word means that no resolver is asked: this program resolves names itself, from the
 * root down. */
#define RESOLVER_RECURSIVE_TEXT "recursive"
bool resolvers_recursive(const struct texts *resolvers);

/* ---------------------------------------------------------------- ask -------------------------------- */

enum ask_kind { ASK_DNS, ASK_HTTP };

/* One question to the network. The fields down to "end of the question" are the question: evidence_ask() makes one ask
 * for each question and never a second one. */
struct ask {
    enum ask_kind kind;
    enum via via;
    const char *perspective; /* its name, for VIA_PERSPECTIVE */

    /* ASK_DNS */
    const char *qname; /* absolute */
    uint16_t qtype;
    bool tcp;
    bool cd;           /* checking disabled: the answer even if it is bogus */
    bool no_edns;      /* plain RFC 1035 */
    bool dnssec;       /* DO: signatures wanted */
    bool mixed_case;   /* 0x20: the observer randomises the case of the name */
    const char *server; /* "192.0.2.53:53" for VIA_AUTHORITATIVE and VIA_PERSPECTIVE; NULL for the resolvers */

    /* ASK_HTTP */
    const char *url;     /* absolute, http or https */
    const char *address; /* "192.0.2.80:80": connect here, whatever the URL's host is */
    const char *agent;   /* the CA's user agent to send; NULL: its first one */
    bool browser;        /* send a browser's user agent and headers instead of the CA's */
    bool whole;          /* read on past what the CA reads */

    /* ---- end of the question ---- */
    bool once;           /* send it once only: the answer is for a finding, and silence need not be certain */
    uint32_t number;     /* in order of asking, from 0 */
    struct fact *fact;   /* what came back; NULL until then */
    struct ask *next;    /* in the list that plan_next() returns */
    struct ask *bucket;  /* the next ask with the same bucket in evidence.buckets; only evidence.c uses it and .hash */
    uint32_t hash;       /* of the question */
};

/* ---------------------------------------------------------------- fact ------------------------------- */

/* One resource record. rdata is uncompressed (names in it spelt out), so that it can be read without the
 * message. defect says in words what is wrong with this record, NULL where it is sound; a record with a
 * defect holds the rdata bytes as they came. */
struct rr {
    const char *owner;
    uint16_t type, class;
    uint32_t ttl;
    const uint8_t *rdata;
    uint16_t rdlen;
    uint16_t offset; /* of the record in the message */
    const char *defect;
};

struct rrs {
    struct rr *v;
    size_t n;
};

struct ede { /* extended DNS error, RFC 8914 */
    uint16_t code;
    const char *text; /* "" where there is none; as sent: escape before showing */
};

/* Something in a message that breaks the format. */
struct dns_defect {
    uint16_t offset;  /* into the message, from 0 */
    const char *what; /* names the section and the record: "answer record 2 (TXT): …" */
};

/* Bits of dns_fact.flags, as in the header (RFC 1035 4.1.1, RFC 4035 3.2). */
enum {
    DNS_QR = 0x8000, DNS_AA = 0x0400, DNS_TC = 0x0200, DNS_RD = 0x0100, DNS_RA = 0x0080, DNS_AD = 0x0020,
    DNS_CD = 0x0010
};

struct dns_fact {
    enum dns_outcome outcome;
    const char *server;   /* who answered, or was asked last */
    const char *detail;   /* why, where the outcome alone does not say it: a forbidden address, a cut stream; or NULL */
    uint16_t flags;       /* 0 where nothing came back */
    uint16_t rcode;       /* extended by EDNS */
    uint16_t size;        /* of the message in bytes */
    uint16_t tries;       /* how many times it was sent */
    bool has_edns;
    bool case_kept;       /* the answer's question repeats ours byte for byte */
    uint16_t udp_size;    /* the server's EDNS size */
    struct rrs answer, authority, additional; /* without the OPT record */
    struct ede *ede;
    size_t n_ede;
    struct dns_defect *defects;
    size_t n_defects;
};

/* Nothing came back at all. */
static inline bool dns_silent(const struct dns_fact *f)
{
    return f->outcome == DNS_TIMEOUT || f->outcome == DNS_UNREACHABLE;
}

struct http_header {
    const char *name, *value; /* as sent */
};

struct tls_fact {
    const char *version, *subject, *issuer, *not_after;
    const char *problem; /* why a browser would refuse the certificate; NULL where it would not */
};

struct http_fact {
    enum http_outcome outcome;
    int status;
    const char *detail; /* where there was no response: why, in the words of the HTTP library */
    const char *redirect; /* where Location leads, as an absolute URL; NULL without Location or where it is no URL */
    struct http_header *headers;
    size_t n_headers;
    struct bytes body;  /* the first bytes of the decoded text, as many as the CA reads; with .whole more, see http.h */
    uint64_t size;      /* bytes of the decoded text that arrived before reading was ended */
    /* Why the body could not be decoded from its Content-Encoding, in words; NULL where it could. The body is then what
     * was decoded before, or, where nothing was, its bytes as they came. */
    const char *undecoded;
    bool connected;     /* a time-out: the connection was made, and no response came over it */
    bool more;          /* the body is longer than that */
    struct tls_fact *tls;
};

/* The value of the first header with that name, in whatever letter case; NULL where there is none. */
const char *http_header_find(const struct http_fact *f, const char *name);

struct fact {
    uint32_t n;             /* from 1, in order of arrival; findings refer to it */
    const struct ask *ask;
    uint32_t us;            /* from asking to answer, microseconds */
    dcv_time at;            /* when it arrived; TIME_UNKNOWN in hand-written cases */
    /* Of a stored fact that was too large to be kept: a sentence that says what is missing; NULL: nothing is. */
    const char *left_out;
    struct dns_fact dns;    /* one of the two, by ask->kind */
    struct http_fact http;
};

/* ---------------------------------------------------------------- evidence --------------------------- */

/* All asks and facts of one check; lives in the check's arena. evidence/evidence.h has the functions. */
struct evidence {
    struct arena *arena;
    struct fact **facts; /* facts[i]->n == i + 1 */
    size_t n;
    struct ask **asks; /* by .number */
    size_t n_asks;
    size_t most_asks;  /* reaching it sets .overflow: the report says so */
    bool overflow;
    bool unchecked;    /* one of the asks has .cd */
    size_t n_cut;      /* facts with .left_out: then nothing can be judged */
    struct ask **buckets; /* hash of the questions */
    size_t n_buckets;
};

/* ---------------------------------------------------------------- finding and report ----------------- */

struct fix {
    enum fix_op op;
    const char *owner;            /* add, remove, replace: absolute */
    uint32_t ttl;                 /* add, replace: seconds */
    const char *type;             /* add, remove, replace: "TXT" */
    const char *rdata, *old_rdata; /* zone-file form */
    const char *url, *body;       /* put-file */
    dcv_time until;               /* wait */
    const char *argument, *value; /* input: which option, and what it should be ("" where only the customer knows) */
    const char *text;             /* advice; for the others a remark, or NULL */
};

/* One way to cure a finding, whole in itself. Its operations are one transaction, removals first. */
enum { CURES_MOST = 3 }; /* of one finding */
struct cure {
    struct fix *ops;
    size_t n;
    const char *note;    /* what has to be known about it; "" for nothing */
    struct texts breaks; /* a sentence for each thing that would stop working; then no machine is to apply it */
    bool proven;         /* the check passes on a model of the zones and the site after it, and nothing else changes */
};

/* True for an operation that a program can carry out: a change of records, a file, or another request. */
bool fix_by_machine(const struct fix *x);
/* True where one of its operations is such a one, and the cure breaks nothing. */
bool cure_by_machine(const struct cure *c);
/* True where both do the same. Remarks make no difference, and neither does advice beside what a program can do. */
bool fix_same(const struct fix *a, const struct fix *b);
bool cure_same(const struct cure *a, const struct cure *b);

struct variable {
    const char *name, *value;
};

struct finding {
    enum cause cause;
    enum weight weight; /* never above cause_info.weight */
    enum actor who_acts; /* has to change something; ACTOR_NONE: a stored finding whose cause is not known */
    const char *summary; /* the cause's template, filled in: one sentence to read aloud */
    struct variable *variables;
    size_t n_variables;
    uint32_t *facts; /* fact numbers: the proof */
    size_t n_facts;
    struct cure *cures; /* the best first, at most CURES_MOST */
    size_t n_cures;
    struct fix *fixes; /* the operations of the first cure; none where it breaks something */
    size_t n_fixes;
};

struct caa_derivation;

struct report {
    const struct request *request;
    const struct evidence *evidence;
    const char *id; /* of the check in the store, NULL outside it */
    enum challenge challenge;
    enum verdict verdict;
    struct code_error error;   /* .code is CODE_NONE unless the verdict is fail */
    enum code detail_code;     /* CODE_NONE on pass */
    enum trace trace;          /* fail: of the method; TRACE_NONE otherwise, and for caa */
    int br_may_permit;         /* 1 true, 0 false, -1 null: see caa_explain.h */
    const char *reason;        /* undecided: what was missing; NULL otherwise */
    bool refused; /* undecided: the request cannot be checked at all, and .reason says what was expected instead */
    const char *remark;        /* decided: what was not asked or not answered in time; NULL: nothing */
    struct finding *findings;  /* what explains the failure first */
    size_t n_findings;
    const struct caa_derivation *caa; /* method caa: how the verdict follows, see caa_explain.h; NULL otherwise */
    struct texts tokens;       /* request tokens computed while judging: they make the case replayable */
    dcv_time started_at;
    uint32_t duration_us;
    const char *version; /* of the program that judged; NULL: this one */
};

/* ---------------------------------------------------------------- plan and judge --------------------- */

/* What to ask next (plan.c): new asks in *ret, linked by .next, NULL when nothing is left to ask. Call it again
 * after each new fact: it never returns an ask twice. 0, or -ENOMEM where the arena is full. */
int plan_next(const struct request *r, struct evidence *ev, struct ask **ret);

/* What the evidence says (judge.c). Empty or partial evidence is allowed: what is missing makes the report undecided.
 * Every member of *ret is set; started_at and duration_us are 0 until check.c sets them.
 * 0, or -ENOMEM where the arena is full. */
int judge(const struct request *r, const struct evidence *ev, struct arena *a, struct report *ret);

#endif
