/* explain_command.h - the command line that reproduces a code. Pure; the texts are in the arena given, and safe to
 * paste into a shell. */
#ifndef DCV_EXPLAIN_COMMAND_H
#define DCV_EXPLAIN_COMMAND_H

#include "model/dcv.h"

/* The command that reproduces the code: dcvprobe check or preflight, or for the API's own codes a call to dcvd.
 * Capitals stand for what is not known (DOMAIN, VALUE, CSRFILE). NULL for account codes and for
 * invalid_dns_method (only the CA knows an order's method), and where the arena is full. */
char *code_command(struct arena *a, enum code c, const char *const variables[2]);

/* The domain and the method of the check that reproduces the code; *domain is NULL where the variables name none.
 * False: no check of a domain gives this code. */
bool code_check(struct arena *a, enum code c, const char *const variables[2], const char **domain,
                enum method *m);

#endif
