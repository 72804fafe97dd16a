/* resume.h - the reports in an earlier output of dcvprobe batch: for each key of a line (lines.h), how many there are.
 *
 * A struct seen belongs to whoever called seen_new(). One thread. */
#ifndef DCV_RESUME_H
#define DCV_RESUME_H

#include "cmd/progress.h"
#include "format/json_write.h"
#include "judge/domain.h"

struct seen;
struct seen *seen_new(void);
void seen_free(struct seen *s);
/* Begins a line of output: opens its object and writes the members that seen_read() needs. */
void seen_head(struct json_out *j, size_t line, const char *key);
/* Reads the output in fd, cuts off an incomplete last line, and leaves the position at the end. Adds the verdicts of
 * its reports to t. False: the error was printed. */
bool seen_read(struct seen *s, int fd, const char *path, struct tally *t);
/* True where a report with this key is left; removes one. *ret: what counts of it for its domain's verdict; of several
 * with this key that of the last one. */
bool seen_take(struct seen *s, const char *key, struct domain_part *ret);

#endif
