/* catalogue.h - looking codes up, and saying what they mean. Pure. The lists themselves are codes.def and
 * causes.def.
 *
 * Codes and their variables come from outside: from a mail, a log, an API's answer. Whatever bytes they hold,
 * what is written here is one that a terminal may show and a shell may be given. */
#ifndef DCV_CATALOGUE_H
#define DCV_CATALOGUE_H

#include "format/json.h"

/* The code in any spelling: with or without variables ("dns_mismatch|shop.example.com",
 * "dns_mismatch|variable"), URL-encoded ("dns_mismatch%7Cshop.example.com"), in upper case, with blanks or
 * quotes around. The most specific row wins ("not_found|order" over "not_found"). variables (may be NULL)
 * gets what stood behind it, "" where nothing did or where it was the document's placeholder; also for a code
 * that has none of its own, for people add the domain to any code. CODE_NONE where there is no such code. */
enum code code_find(struct arena *a, const char *text, const char *variables[2]);
/* Up to most codes nearest to text (edit distance and shared words), best first; how many. */
size_t code_nearest(const char *text, enum code *ret, size_t most);

/* How certain it is that a code of this basis means what is said of it, in one sentence. */
const char *basis_sentence(enum code_basis b);
/* What `dcvprobe explain` prints of one code: what the CA saw, what to check, how certain that is, and which
 * command reproduces it (or, for account codes, that only the CA can see it and where to look). */
void explain_code(struct buf *b, struct arena *a, enum code c, const char *const variables[2], bool color);
void explain_code_json(struct json_out *j, const char *key, struct arena *a, enum code c,
                       const char *const variables[2]);
/* The command that reproduces the code: dcvprobe check or preflight, or for the API's own codes a call to
 * dcvd. What is not known stands in it in capitals (DOMAIN, VALUE, CSRFILE). NULL for account codes and for
 * invalid_dns_method (the method of an order is the CA's to know), and where the arena is full. */
char *code_command(struct arena *a, enum code c, const char *const variables[2]);

/* What the check that reproduces the code needs: *domain is NULL where the code names none. False: the code
 * comes from no check of a domain. */
bool code_check(struct arena *a, enum code c, const char *const variables[2], const char **domain,
                enum method *m);

/* An API's error response {"errors":[{"code","message"}]}, or a bare array or object of them. Codes in order,
 * as sent, so with any bytes in them but NUL. 0, -EINVAL with *problem, -ENOMEM. */
int explain_read(struct arena *a, const char *text, size_t len, struct texts *codes,
                 struct json_problem *problem);

/* The catalogues: a table for a terminal, and JSON for documents like {"schema_version":1,"codes":[…]}. */
void codes_table(struct buf *b, bool color);
void codes_json(struct json_out *j, const char *key);             /* the array */
void code_json(struct json_out *j, const char *key, enum code c); /* one object */
void causes_table(struct buf *b, bool color);
void causes_json(struct json_out *j, const char *key);
void cause_json(struct json_out *j, const char *key, enum cause c);

#endif
