/* resume.h - parts of dcvprobe batch: the reports in an earlier output, and the line that shows the progress.
 *
 * A struct seen belongs to whoever called seen_new(); the other structs are embedded in their owner. One thread. */
#ifndef DCV_RESUME_H
#define DCV_RESUME_H

#include "format/lines.h"

/* Number of reports for each verdict. */
struct tally {
    size_t verdict[0 DCV_VERDICTS(DCV_ONE)]; /* by enum verdict */
};
size_t tally_all(const struct tally *t);

/* ---- an earlier output: for each key of a line (lines.h), how many reports it has. */
struct seen;
struct seen *seen_new(void);
void seen_free(struct seen *s);
/* Begins a line of output: opens its object and writes the members that seen_read() needs. */
void seen_head(struct json_out *j, size_t line, const char *key);
/* Reads the output in fd, cuts off an incomplete last line, and leaves the position at the end. Adds the verdicts of
 * its reports to t. False: the error was printed. */
bool seen_read(struct seen *s, int fd, const char *path, struct tally *t);
/* True where a report with this key is left; removes one. */
bool seen_take(struct seen *s, const char *key);

/* ---- a line on a terminal that is overwritten again and again. */
struct progress {
    bool shown;
    size_t total;   /* 0: unknown */
    size_t before;  /* reports of an earlier run */
    uint64_t start; /* nanoseconds of uv_hrtime() */
};
void progress_show(struct progress *p, const struct tally *t, uint64_t now);
void progress_clear(struct progress *p);

#endif
