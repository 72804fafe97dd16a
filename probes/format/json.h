/* json.h - writes request, evidence and report as JSON, and reads them. Pure. jansson reads; json_write.h writes, in a
 * tenth of the time that building a tree needs.
 *
 * Functions only: what is read is in the arena given and belongs to the caller. Any thread.
 *
 * README and contrib/doc promise the form: members are added but never changed, and readers ignore unknown ones. Output
 * is always valid UTF-8 JSON, whatever bytes came from the network: invalid UTF-8 becomes U+FFFD in texts that people
 * read (reason, EDE text, header values); record data is zone-file text, so ASCII; the body of a file that is not UTF-8
 * is written as "body_base64". Header of json_*.c. */
#ifndef DCV_JSON_H
#define DCV_JSON_H

#include "format/json_write.h"
#include "format/request.h"

enum {
    JSON_REDACT = 1,      /* "redacted…" replaces the random value everywhere */
    JSON_NO_EVIDENCE = 2,
    JSON_NOW = 4,         /* also request.now, so that it can be judged again as at that time */
    JSON_NO_REPORT = 8,   /* a case with request and evidence only */
    JSON_NO_CAA = 64,     /* a report without the derivation of the CAA verdict */
    JSON_MEMBERS = 16,    /* only the members of a report, into an open object */
    JSON_TERSE = 32       /* evidence without what json_read_case() assumes or can derive from the rest */
};
/* Writes one report object. a: for temporary memory. */
void json_write_report(struct json_out *j, const char *key, struct arena *a, const struct report *r, unsigned flags);
/* Writes the request as POST /v1/checks accepts it, without secrets and without defaults. */
void json_write_request(struct json_out *j, const char *key, struct arena *a, const struct request *r, unsigned flags);
/* Writes one fact. redact: the random value to replace, or NULL. */
void json_write_fact(struct json_out *j, const char *key, struct arena *a, const struct fact *f, const char *redact);
/* {"request":…,"evidence":[…],"report":…}: what --save writes and replay reads. The request has the one method of the
 * report, the time of judging and the computed tokens ("computed"), but never the key. A redacted case is judged as the
 * original, because the random value is replaced in the same way in the request and in the facts. A text that is only
 * similar to it (one letter differs, or in base64) is not replaced. */
void json_write_case(struct json_out *j, struct arena *a, const struct report *r, unsigned flags);

/* ---- a report as the store keeps it and as the API shows it. The store has the report without evidence and
 * derivation, and a terse case; from them follows all that is shown. The terse case has one member of its own, "caa_source",
 * where a CAA verdict was not read from the resolvers' answers: the number of a fact, see caa_source(). */
struct stored {
    const char *report; /* JSON_NO_EVIDENCE | JSON_NO_CAA */
    size_t report_len;
    const char *evidence; /* a case, JSON_NO_REPORT | JSON_TERSE */
    size_t evidence_len;
};
/* Writes a report in memory as the API shows it, with members "request" and "evidence". */
void json_write_shown(struct json_out *j, const char *key, struct arena *a, const struct report *r);
/* The same of one that was stored: what it came to stands as it was written, and nothing is judged again. The derivation of
 * a CAA verdict is found again in the evidence, and left out where today's rules come to another verdict. A case without
 * "caa_source", as older versions stored them all, is taken for one that the resolvers decided. Texts that cannot be read
 * are shown as they are. 0 or -ENOMEM. */
int json_write_stored(struct json_out *j, const char *key, struct arena *a, const struct profile *profile,
                      const struct stored *s);

/* ---- reading. Every error names its place: "line 3, column 14: …" or the path of the member. */
struct json_problem {
    enum code code;      /* CODE_bad_request_format if the text is not JSON, else that of .input */
    struct input_error input; /* .field is NULL for a syntax error */
    const char *text;    /* one line, in the arena */
};
/* Reads a request object and calls request_finish(). Unknown members are refused (invalid_value:NAME), so that a
 * misspelt option is never ignored; "auth_key" is always refused. now: request.now where the object has none. 0,
 * -EINVAL with *problem, or -ENOMEM. */
int json_read_request(struct arena *a, const char *text, size_t len, const struct profile *profile, dcv_time now,
                      struct request *ret, struct json_problem *problem);

/* The same with defaults: they set those of their fields that the object does not name. */
int json_read_request_over(struct arena *a, const char *text, size_t len, const struct profile *profile, dcv_time now,
                           const struct given_list *defaults, struct request *ret, struct json_problem *problem);

/* The report that a case file expects; parts that it does not name are unset. */
struct expected {
    bool has_verdict, has_errors, has_detail, has_findings, has_reason, has_remark;
    enum verdict verdict;
    const char *error;  /* "dns_mismatch|shop.example.com"; "": no error */
    const char *detail; /* "": null */
    struct { const char *cause; const char *weight; const char *summary; } *findings; /* weight, summary may be NULL */
    size_t n_findings;
    struct texts not_findings; /* causes that must not appear */
    int br_may_permit;  /* -2: not given */
};
struct dcv_case {
    const char *name, *why; /* texts of hand-written cases, may be NULL */
    bool others_absent; /* "others": "absent": questions that the case does not list get NXDOMAIN or 404 */
    struct request request;
    struct evidence evidence;
    struct expected expected;
};
/* Reads a case file. 0, -EINVAL with *problem, or -ENOMEM. */
int json_read_case(struct arena *a, const char *text, size_t len, const struct profile *profile, struct dcv_case *ret,
                   struct json_problem *problem);

/* A report as it was written, with its members "request" and "evidence": what the daemon answers of one
 * check. It is taken as it stands, and not judged again. Of its member "caa" only the facts of the climb are read: they tell
 * who decided, and the derivation is found again in the evidence; it is left out where today's rules come to another
 * verdict. 0, -EINVAL with *problem, -ENOMEM. */
int json_read_report(struct arena *a, const char *text, size_t len, const struct profile *profile,
                     struct report *ret, struct json_problem *problem);

/* Reads an error response of an API, {"errors":[{"code","message"}]}, or only its array, or only one object of it. The
 * codes are in order and unchanged, so they may contain any byte but NUL. 0, -EINVAL with *problem, or -ENOMEM. */
int json_read_errors(struct arena *a, const char *text, size_t len, struct texts *codes,
                 struct json_problem *problem);

#endif
