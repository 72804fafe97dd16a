/* submit_batch.h - dcvprobe submit --batch: sends a file of requests to the daemon, line by line. Functions only; one
 * thread. */
#ifndef DCV_SUBMIT_BATCH_H
#define DCV_SUBMIT_BATCH_H

#include "format/request.h"

/* Sends the file, and prints the id of the batch. path: "-" is standard input. given: for fields that a line does not
 * name. Returns the exit status. */
int submit_batch(const char *socket, const char *path, const struct given_list *given);

struct lines;
struct line;
/* Says on standard error which of the file's columns are the owner's own: of a line the daemon keeps what belongs to a
 * request. Once a line has been read. */
void submit_tell_own(const struct lines *l, struct arena *a);

/* A line as the daemon takes it, with the fields of the command line; the daemon has defaults for others. 0 with *ret,
 * which the caller frees; -EINVAL with *why; or -ENOMEM. */
int submit_line(const struct lines *l, struct line *line, const struct given_list *given, struct arena *a, char **ret,
                const char **why);

#endif
