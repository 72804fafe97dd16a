/* explain.h - what a code means, for a person: what the CA saw, what to check, and how to see it again. Pure.
 *
 * Codes and their variables come from outside. Whatever bytes they hold, what is written here is one that a terminal may
 * show and a shell may be given. */
#ifndef DCV_EXPLAIN_H
#define DCV_EXPLAIN_H

#include "format/json_write.h"

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

#endif
