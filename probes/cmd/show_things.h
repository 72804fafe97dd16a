/* show_things.h - batches, watches and a domain's history of the daemon, as text. Functions only; one thread.
 *
 * root: the answer of the daemon. Each appends to b; what it allocates lives in a. Returns the exit status, that of the
 * worst domain, or EXIT_UNDECIDED where something has not ended. */
#ifndef DCV_SHOW_THINGS_H
#define DCV_SHOW_THINGS_H

#include "cmd/cli.h"

#include <jansson.h>

int show_batch(struct buf *b, struct arena *a, const json_t *root);
int show_watch(struct buf *b, struct arena *a, const json_t *root);
/* When a domain's verdicts changed, the newest first. */
void show_history(struct buf *b, struct arena *a, const json_t *root);

#endif
