/* suspects.h - which checks were running when the process ended without being told to.
 *
 * An answer that ends the process would end it again after each restart, for a check is run again until it has a
 * result. So the ids of the running lines of batches stand in a file beside the store, DATABASE-running, which is
 * mapped into memory: writing there costs nothing, and what was written outlives the process, though not the machine.
 * A line that was running at two such ends is set aside by its user. An end by SIGTERM counts for nothing.
 *
 * The file belongs to the process that has the store open. Thread: the main loop's. */
#ifndef DCVD_SUSPECTS_H
#define DCVD_SUSPECTS_H

#include <stdint.h>

enum { SUSPECTS_MOST = 4096 }; /* lines that run at a time; more are not noted */

struct suspects;
/* Takes over what an earlier process left. 0 or a negative errno. */
int suspects_open(const char *database, struct suspects **ret);
/* An end that was meant: what still runs is no suspect. NULL is allowed here and below. */
void suspects_close(struct suspects *s);
/* At how many ends without a cause it was running. */
unsigned suspects_ends(const struct suspects *s, int64_t id);
void suspects_begin(struct suspects *s, int64_t id); /* it runs from now on */
void suspects_end(struct suspects *s, int64_t id);   /* it has ended */

#endif
