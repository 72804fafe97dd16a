/* progress.h - how far dcvprobe batch has come: the verdicts so far, and a line on the terminal that shows them and is
 * overwritten again and again.
 *
 * The structs are embedded in their owner. One thread. */
#ifndef DCV_PROGRESS_H
#define DCV_PROGRESS_H

#include "model/dcv.h"

/* Number of reports for each verdict. */
struct tally {
    size_t verdict[0 DCV_VERDICTS(DCV_ONE)]; /* by enum verdict */
};
size_t tally_all(const struct tally *t);

struct progress {
    bool shown;
    size_t total;   /* 0: unknown */
    size_t before;  /* reports of an earlier run */
    uint64_t start; /* nanoseconds of uv_hrtime() */
};
void progress_show(struct progress *p, const struct tally *t, uint64_t now);
void progress_clear(struct progress *p);


/* ---- one thing that takes long, for a person at a terminal */
enum { WAIT_QUIET_MS = 500, WAIT_TICK_MS = 200 };
/* Whether standard error is a terminal that can overwrite a line. */
bool wait_can_show(void);
/* Shows what is waited for in the place of what was shown before; cut to the terminal's width. */
void wait_show(const char *text);
void wait_clear(void);

#endif
