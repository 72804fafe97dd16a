/* metrics.h - the daemon's state as Prometheus text (exposition format 0.0.4): base units, no domain in any label.
 * Pure: its caller collects the counters. */
#ifndef DCVD_METRICS_H
#define DCVD_METRICS_H

#include "base/buf.h"
#include "observe/dns.h"
#include "observe/http.h"
#include "work/scheduler.h"
#include "work/verdict_counts.h"

struct metrics {
    struct scheduler_counters scheduler;
    struct writer_counters writer;
    struct dns_counters dns;
    struct http_counters http;
    const struct verdict_counts *verdicts;
    struct histogram turn_seconds;
    double turn_longest, turn_longest_cpu;
    uint64_t watches, streams; /* active, open */
    uint64_t resident_bytes, open_descriptors;
};
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Without the line feed of the last line, which the server adds. */
void metrics_write(struct buf *b, const struct metrics *m);

#endif
