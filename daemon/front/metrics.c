#include "front/metrics.h"

#include <stdio.h>
#include <string.h>

/* X(name, type, help, value) */
#define METRICS(X)                                                                                                   \
    X("dcvd_checks_submitted_total", "counter", "Checks that were accepted.", m->scheduler.submitted)                \
    X("dcvd_checks_coalesced_total", "counter", "Of them, those that joined an equal check that had not ended.",     \
      m->scheduler.coalesced)                                                                                        \
    X("dcvd_checks_refused_total", "counter", "Requests that were refused for a full queue.", m->scheduler.refused)  \
    X("dcvd_checks_done_total", "counter", "Checks whose reports are on disk.", m->scheduler.done)                   \
    X("dcvd_checks_cancelled_total", "counter", "Checks that were cancelled.", m->scheduler.cancelled)               \
    X("dcvd_queue_depth", "gauge", "Runs that wait to be started.", m->scheduler.queued)                             \
    X("dcvd_checks_running", "gauge", "Checks that run, one for each domain and method.", m->scheduler.running)      \
    X("dcvd_checks_memory_bytes", "gauge", "Memory of the checks that run; [checks] memory bounds it.",             \
      m->scheduler.memory)                                                                                           \
    X("dcvd_jobs_unwritten", "gauge", "Writes of the scheduler that are not on disk yet.", m->scheduler.unwritten)   \
    X("dcvd_store_failing", "gauge", "1 where the last write to the store failed.", m->scheduler.failing)            \
    X("dcvd_store_jobs_total", "counter", "Writes that have ended.", m->writer.jobs)                                 \
    X("dcvd_store_jobs_failed_total", "counter", "Of them, with an error.", m->writer.failed)                        \
    X("dcvd_store_commits_total", "counter", "Transactions.", m->writer.commits)                                     \
    X("dcvd_store_queue_depth", "gauge", "Writes that wait for a transaction.", m->writer.queued)                    \
    X("dcvd_store_batch_jobs_max", "gauge", "Writes in the largest transaction since the start.",                    \
      m->writer.batch_most)                                                                                          \
    X("dcvd_dns_questions_total", "counter", "DNS questions that were asked.", m->dns.asked)                         \
    X("dcvd_dns_messages_sent_total", "counter", "DNS messages sent, retries included.", m->dns.sent)                \
    X("dcvd_dns_answers_total", "counter", "DNS answers.", m->dns.answered)                                          \
    X("dcvd_dns_timeouts_total", "counter", "DNS messages that were not answered in time.", m->dns.timeouts)         \
    X("dcvd_dns_tcp_total", "counter", "DNS questions over TCP.", m->dns.tcp)                                        \
    X("dcvd_dns_strays_total", "counter", "Datagrams that answer no question.", m->dns.strays)                       \
    X("dcvd_dns_in_flight", "gauge", "DNS questions under way.", m->dns.in_flight)                                   \
    X("dcvd_dns_waiting", "gauge", "DNS questions that wait, for their server has enough of them.", m->dns.waiting)  \
    X("dcvd_http_fetches_total", "counter", "Web fetches asked for.", m->http.asked)                                 \
    X("dcvd_http_responses_total", "counter", "Web fetches with a response.", m->http.responses)                     \
    X("dcvd_http_timeouts_total", "counter", "Web fetches without one in time.", m->http.timeouts)                   \
    X("dcvd_http_forbidden_total", "counter", "Web fetches refused for their address.", m->http.forbidden)           \
    X("dcvd_http_in_flight", "gauge", "Web fetches under way.", m->http.in_flight)                                   \
    X("dcvd_http_waiting", "gauge", "Web fetches that wait.", m->http.waiting)                                       \
    X("dcvd_watches", "gauge", "Watches that are active.", m->watches)                                               \
    X("dcvd_event_streams", "gauge", "Streams of events that are open.", m->streams)                                 \
    X("process_resident_memory_bytes", "gauge", "Resident memory.", m->resident_bytes)                               \
    X("process_open_fds", "gauge", "Open file descriptors.", m->open_descriptors)

static void one(struct buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name,
               (unsigned long long)value);
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* label: "", or a label and a comma: method="caa", */
static void buckets(struct buf *b, const char *name, const char *label, const struct histogram *h,
                    const struct scale *scale)
{
    unsigned long long n = 0;
    int labels = (int)strcspn(label, ",");
    for (size_t i = 0; i < scale->n; i++)
        buf_printf(b, "%s_bucket{%sle=\"%g\"} %llu\n", name, label, scale->bound[i], n += h->count[i]);
    n += h->count[scale->n];
    buf_printf(b, "%s_bucket{%sle=\"+Inf\"} %llu\n", name, label, n);
    buf_printf(b, labels ? "%s_sum{%.*s} %.6f\n" : "%s_sum%.*s %.6f\n", name, labels, label, h->sum);
    buf_printf(b, labels ? "%s_count{%.*s} %llu\n" : "%s_count%.*s %llu\n", name, labels, label, n);
}

static void verdicts(struct buf *b, const struct verdict_counts *d)
{
    const char *name = "dcvd_reports_total";
    head(b, name, "counter", "Reports on disk, one for each domain and method.");
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        for (unsigned v = 0; v < 0 DCV_VERDICTS(DCV_ONE); v++)
            buf_printf(b, "%s{method=\"%s\",verdict=\"%s\"} %llu\n", name, method_name((enum method)m),
                       verdict_name((enum verdict)v), (unsigned long long)d->reports[m][v]);
    name = "dcvd_check_seconds";
    head(b, name, "histogram", "Time of a check, by method.");
    for (unsigned m = 0; m < METHOD_COUNT; m++) {
        char label[60];
        snprintf(label, sizeof label, "method=\"%s\",", method_name((enum method)m));
        buckets(b, name, label, &d->seconds[m], &scale_seconds);
    }
    name = "dcvd_errors_total";
    head(b, name, "counter", "Reports that fail, by the API's code.");
    for (unsigned c = 1; c <= CODE_COUNT; c++)
        if (code_info((enum code)c)->class != CLASS_ACCOUNT)
            buf_printf(b, "%s{code=\"%s\"} %llu\n", name, code_info((enum code)c)->code,
                       (unsigned long long)d->codes[c]);
    name = "dcvd_findings_total";
    head(b, name, "counter", "Reports that name this cause.");
    for (unsigned c = 1; c <= CAUSE_COUNT; c++)
        buf_printf(b, "%s{cause=\"%s\"} %llu\n", name, cause_info((enum cause)c)->id,
                   (unsigned long long)d->causes[c]);
}

void metrics_write(struct buf *b, const struct metrics *m)
{
#define WRITE(name, type, help, value) one(b, name, type, help, (uint64_t)(value));
    METRICS(WRITE)
#undef WRITE
    verdicts(b, m->verdicts);
    const char *name = "dcvd_store_commit_seconds";
    head(b, name, "histogram", "Time of a transaction.");
    buckets(b, name, "", &m->writer.commit_seconds, &scale_seconds);
    name = "dcvd_store_batch_jobs";
    head(b, name, "histogram", "Writes in a transaction.");
    buckets(b, name, "", &m->writer.batch_jobs, &scale_counts);
    name = "dcvd_loop_turn_seconds";
    head(b, name, "histogram",
         "Time from one wait for events to the next, in which nothing else is served.");
    buckets(b, name, "", &m->turn_seconds, &scale_seconds);
    name = "dcvd_loop_turn_seconds_max";
    head(b, name, "gauge", "The longest since the start.");
    buf_printf(b, "%s %.6f\n", name, m->turn_longest);
    name = "dcvd_loop_turn_cpu_seconds_max";
    head(b, name, "gauge", "The most CPU time of one turn since the start, without the time of other threads.");
    buf_printf(b, "%s %.6f\n", name, m->turn_longest_cpu);
    name = "dcvd_store_commit_seconds_max";
    head(b, name, "gauge", "The longest since the start.");
    buf_printf(b, "%s %.6f\n", name, (double)m->writer.commit_us_most / 1e6);
    name = "dcvd_build_info";
    head(b, name, "gauge", "The version that runs.");
    buf_puts(b, "dcvd_build_info{version=\"" DCVD_VERSION "\"} 1");
}
