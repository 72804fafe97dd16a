/* submit_batch.h - dcvprobe submit --batch: a file of requests on its way to the daemon, line by line. */
#ifndef DCV_SUBMIT_BATCH_H
#define DCV_SUBMIT_BATCH_H

#include "cmd/client.h"

/* path: "-" is standard input. given: for all lines that do not say otherwise. Prints the batch's id. The
 * exit status. */
int submit_batch(const char *socket, const char *path, const struct given_list *given);
/* Prints the id that the daemon answers with, or what it refuses, and frees the body. The exit status. */
int submit_answer(struct client_answer *answer);

#endif
