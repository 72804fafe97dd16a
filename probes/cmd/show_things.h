/* show_things.h - batches, watches and a domain's history of the daemon, as text. Functions only; one thread.
 *
 * root: the answer of the daemon. Each appends to b; what it allocates lives in a. Returns the exit status, that of the
 * worst domain, or EXIT_UNDECIDED where something has not ended. */
#ifndef DCV_SHOW_THINGS_H
#define DCV_SHOW_THINGS_H

#include "cmd/cli.h"

#include <jansson.h>

int show_batch(struct buf *b, struct arena *a, const json_t *root);
/* The result of a watch's last run (its list "results") that tells what the domain came to: the first that fails,
 * else the first that is undecided, without those of methods that are not in use beside one that passes; else the
 * first that passes; NULL: it has not run.
 * named: the watch's request names its methods, which must all pass (see "One domain, one verdict" in command.md). */
const json_t *watch_result_telling(const json_t *results, bool named);
/* Whether the request of a watch, as the daemon shows it, names methods. */
bool watch_methods_named(const json_t *watch);
int show_watch(struct buf *b, struct arena *a, const json_t *root);
/* When a domain's verdicts changed, the newest first. */
void show_history(struct buf *b, struct arena *a, const json_t *root);

#endif
