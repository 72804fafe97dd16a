/* json.h - request, evidence and report as JSON, in both directions. Pure; jansson reads, a small streaming
 * writer of our own writes (a tenth of the time of building a tree).
 *
 * The form is contracted in README and contrib/doc: fields are only ever added, readers ignore what they do not know. Output is
 * always valid UTF-8 JSON whatever bytes came from the network: invalid UTF-8 becomes U+FFFD in texts that
 * are shown (reason, EDE text, header values); record data is zone-file text, so ASCII; a file's body that is not UTF-8
 * is written as "body_base64". */
#ifndef DCV_JSON_H
#define DCV_JSON_H

#include "format/json_write.h"
#include "format/request.h"

enum {
    JSON_REDACT = 1,      /* without the random value, wherever it stands: "redacted…" in its place */
    JSON_NO_EVIDENCE = 2,
    JSON_NOW = 4,         /* request.now too: to judge again as at that time */
    JSON_NO_REPORT = 8,   /* of a case: request and evidence alone */
    JSON_NO_CAA = 64,     /* of a report: without the derivation */
    JSON_MEMBERS = 16,    /* of a report: its members alone, into an object that is open */
    JSON_TERSE = 32       /* of evidence: without what json_read_case() takes for granted or what follows from the rest */
};
/* One report object, see interface. a: scratch. */
void json_write_report(struct json_out *j, const char *key, struct arena *a, const struct report *r, unsigned flags);
/* The request as POST /v1/checks takes it: secrets left out, defaults left out. */
void json_write_request(struct json_out *j, const char *key, struct arena *a, const struct request *r, unsigned flags);
/* redact: the random value to leave out, or NULL. */
void json_write_fact(struct json_out *j, const char *key, struct arena *a, const struct fact *f, const char *redact);
/* {"request":…,"evidence":[…],"report":…}: what --save writes and replay reads. The request has the report's one
 * method, the time of judging and the computed tokens ("computed"), never the key. A redacted case judges as the whole one
 * does, for the random value is replaced alike in the request and in what came back. What is merely near to it (a letter
 * off, in base64) is no random value and stays. */
void json_write_case(struct json_out *j, struct arena *a, const struct report *r, unsigned flags);

/* ---- a report as the store keeps it and as the API shows it. The store has the report without evidence and
 * derivation, and a terse case; from them follows all that is shown. */
struct stored {
    const char *report; /* JSON_NO_EVIDENCE | JSON_NO_CAA */
    size_t report_len;
    const char *evidence; /* a case, JSON_NO_REPORT | JSON_TERSE */
    size_t evidence_len;
};
/* The report with its members "request" and "evidence". Of one that is at hand: */
void json_write_shown(struct json_out *j, const char *key, struct arena *a, const struct report *r);
/* The same of one that was stored: what it came to stands as it was written, and the derivation of a CAA verdict is left
 * out where today's rules come to another one. Texts that cannot be read are shown as they are. 0 or -ENOMEM. */
int json_write_stored(struct json_out *j, const char *key, struct arena *a, const struct profile *profile,
                      const struct stored *s);

/* ---- reading. Every error names the place: "line 3, column 14: …" or the member's path. */
struct json_problem {
    enum code code;      /* CODE_bad_request_format for a text that is no JSON, else that of the input error */
    struct input_error input; /* .field is NULL for a syntax error */
    const char *text;    /* one line, in the arena */
};
/* A request object. Unknown members are refused (invalid_value:NAME), so that a misspelt option is never silently
 * left out; "auth_key" is refused always. now: for request.now where the object gives none. Ends with request_finish().
 * 0, -EINVAL with *problem, -ENOMEM. */
int json_read_request(struct arena *a, const char *text, size_t len, const struct profile *profile, dcv_time now,
                      struct request *ret, struct json_problem *problem);

/* The same over defaults: what they have of fields that the object does not name. */
int json_read_request_over(struct arena *a, const char *text, size_t len, const struct profile *profile, dcv_time now,
                           const struct given_list *defaults, struct request *ret, struct json_problem *problem);

/* What a case file says of the report that should come out; absent parts are unset. */
struct expected {
    bool has_verdict, has_errors, has_detail, has_findings, has_reason, has_remark;
    enum verdict verdict;
    const char *error;  /* "dns_mismatch|shop.example.com"; "" for none */
    const char *detail; /* "" for null */
    struct { const char *cause; const char *weight; const char *summary; } *findings; /* weight, summary may be NULL */
    size_t n_findings;
    struct texts not_findings; /* causes that must not appear */
    int br_may_permit;  /* -2: not given */
};
struct dcv_case {
    const char *name, *why; /* free text of hand-written cases, may be NULL */
    bool others_absent; /* "others": "absent": what the case does not list is not there (NXDOMAIN, 404) */
    struct request request;
    struct evidence evidence;
    struct expected expected;
};
/* A case file. 0, -EINVAL with *problem, -ENOMEM. */
int json_read_case(struct arena *a, const char *text, size_t len, const struct profile *profile, struct dcv_case *ret,
                   struct json_problem *problem);

/* A report as it was written, with its members "request" and "evidence": what the daemon answers of one
 * check. It is taken as it stands, and not judged again; the derivation of a CAA verdict alone is, and is
 * left out where today's rules come to another verdict. 0, -EINVAL with *problem, -ENOMEM. */
int json_read_report(struct arena *a, const char *text, size_t len, const struct profile *profile,
                     struct report *ret, struct json_problem *problem);

/* An API's error response {"errors":[{"code","message"}]}, or a bare array or object of them. Codes in order,
 * as sent, so with any bytes in them but NUL. 0, -EINVAL with *problem, -ENOMEM. */
int json_read_errors(struct arena *a, const char *text, size_t len, struct texts *codes,
                 struct json_problem *problem);

#endif
