/* json_write_report.h - writes request, evidence and report as JSON. Pure; any thread. json_write.h writes the members,
 * in a tenth of the time that building a tree needs.
 *
 * contrib/doc/command.md promises the form: members are added but never changed, and readers ignore unknown ones.
 * Output is always valid UTF-8 JSON, whatever bytes came from the network: invalid UTF-8 becomes U+FFFD in texts that
 * people read (reason, EDE text, header values); record data is zone-file text, so ASCII; the body of a file that is
 * not UTF-8 is written as "body_base64". */
#ifndef DCV_JSON_WRITE_REPORT_H
#define DCV_JSON_WRITE_REPORT_H

#include "format/json_write.h"

enum {
    JSON_REDACT = 1,      /* "redacted…" replaces the random value everywhere */
    JSON_NO_EVIDENCE = 2,
    JSON_NOW = 4,         /* also request.now, so that it can be judged again as at that time */
    JSON_NO_REPORT = 8,   /* a case with request and evidence only */
    JSON_NO_CAA = 64,     /* a report without the derivation of the CAA verdict */
    JSON_NO_PATH = 128,   /* a report without the ways of the checked questions (path_explain.h) */
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
/* The same for the store: JSON_NO_REPORT and JSON_TERSE, and the evidence takes at most about `most` bytes. Where it is
 * larger, the facts that take more than an equal share of that keep their question and outcome, and a sentence in
 * "left_out" says what is missing. */
void json_write_stored_case(struct json_out *j, struct arena *a, const struct report *r, size_t most);
/* Writes a report in memory as the API shows it, with members "request" and "evidence". */
void json_write_shown(struct json_out *j, const char *key, struct arena *a, const struct report *r);

#endif
