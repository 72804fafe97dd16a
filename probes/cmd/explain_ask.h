/* explain_ask.h - asks the person at the terminal for what a check needs and a paste does not tell. Functions
 * only; one thread. Questions go to standard error, answers come from standard input. Where either is no
 * terminal, what is missing is printed, with the option that gives it. */
#ifndef DCV_EXPLAIN_ASK_H
#define DCV_EXPLAIN_ASK_H

#include "cmd/cli.h"

/* The domain that `code` is about. EXIT_USAGE: there is none, and the reason was printed. */
int ask_domain(struct arena *a, const char *code, const char **ret);
/* Whether a check by this method looks for a value that the order gives. */
bool ask_needs_token(enum method m);
/* Adds to given what proves control, unless it has it: the random value, or AuthKey and CSR, each by its
 * file. EXIT_USAGE: as above. */
int ask_token(struct arena *a, struct given_list *given);

#endif
