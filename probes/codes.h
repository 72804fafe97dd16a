/* codes.h - looking codes up, and saying what they mean. Pure. The list itself is codes.def. */
#ifndef DCV_CODES_H
#define DCV_CODES_H

#include "json.h"

/* The code in any spelling: with or without variables ("dns_mismatch|shop.example.com", "dns_mismatch|variable"),
 * URL-encoded ("dns_mismatch%7Cshop.example.com"), in upper case, with blanks or quotes around. The most specific row
 * wins ("not_found|order" over "not_found"). variables (may be NULL) gets what stood behind it, "" where nothing did.
 * CODE_NONE where there is no such code. */
enum code code_find(struct arena *a, const char *text, const char *variables[2]);
/* Up to most codes nearest to text (edit distance and shared words), best first; how many. */
size_t code_nearest(const char *text, enum code *ret, size_t most);

/* What `dcvprobe explain` prints of one code: what the CA saw, what to check, how certain that is, and which
 * command reproduces it (or, for account codes, that only the CA can see it and where to look). */
void explain_code(struct buf *b, struct arena *a, enum code c, const char *const variables[2], bool color);
void explain_code_json(struct json_out *j, const char *key, struct arena *a, enum code c, const char *const variables[2]);
/* The dcvprobe command that reproduces the code, NULL for account codes. */
char *code_command(struct arena *a, enum code c, const char *const variables[2]);

/* An API's error response {"errors":[{"code","message"}]}, or a bare array or object of them. Codes in order, as
 * sent. 0, -EINVAL with *problem, -ENOMEM. */
int explain_read(struct arena *a, const char *text, size_t len, struct texts *codes, struct json_problem *problem);

/* The catalogue: a table for a terminal, and a JSON document {"schema_version":1,"codes":[…]}. */
void codes_table(struct buf *b, bool color);
void codes_json(struct json_out *j, const char *key);          /* the array */
void code_json(struct json_out *j, const char *key, enum code c); /* one object */
void causes_table(struct buf *b, bool color);
void causes_json(struct json_out *j, const char *key);
void cause_json(struct json_out *j, const char *key, enum cause c);

#endif
