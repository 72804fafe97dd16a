/* probe_metrics.h - what a check came to, as Prometheus text: the answer of GET /v1/probe. Pure. */
#ifndef DCVD_PROBE_METRICS_H
#define DCVD_PROBE_METRICS_H

#include "base/buf.h"
#include "model/dcv.h"

struct probe_result {
    enum verdict verdict; /* of the domain (judge/domain.h) */
    const char *code;     /* of the report that decides; NULL: none */
    const char *cause;    /* its first one that is more than a note; NULL: none */
    double seconds;
};
/* Of the reports on one domain; .seconds is 0. False: the arena is full. */
bool probe_result_of(struct arena *a, const struct report *const *r, size_t n, struct probe_result *ret);

/* Without the line feed of the last line, which the server adds. No text in it comes from the network. */
void probe_metrics_write(struct buf *b, const struct probe_result *is);

#endif
