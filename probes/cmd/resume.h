/* resume.h - the parts of dcvprobe batch: what an earlier output holds, and how far it is. */
#ifndef DCV_RESUME_H
#define DCV_RESUME_H

#include "format/lines.h"

/* How many reports there are. */
struct tally {
    size_t verdict[0 DCV_VERDICTS(DCV_ONE)]; /* by enum verdict */
};
size_t tally_all(const struct tally *t);

/* ---- an earlier output: reports by their line's key, each as often as it stands there. */
struct seen;
struct seen *seen_new(void);
void seen_free(struct seen *s);
/* The begin of a line of output: opens its object, with what is needed to find it again. */
void seen_head(struct json_out *j, size_t line, const char *key);
/* Reads what fd holds, cuts off a last line that is not whole, and leaves the position at the end. The
 * verdicts of what is there are added to t. False: said on standard error. */
bool seen_read(struct seen *s, int fd, const char *path, struct tally *t);
/* One report of this key is taken off. */
bool seen_take(struct seen *s, const char *key);

/* ---- a line on a terminal, written over again and again. */
struct progress {
    bool shown;
    size_t total;   /* 0: unknown */
    size_t before;  /* done by an earlier run */
    uint64_t start; /* nanoseconds */
};
void progress_show(struct progress *p, const struct tally *t, uint64_t now);
void progress_clear(struct progress *p);

#endif
