#include "metrics.h"

/* X(name, type, help, value) */
#define METRICS(X)                                                                                           \
    X("dcvd_checks_submitted_total", "counter", "Checks that were accepted.", m->loop.submitted)             \
    X("dcvd_checks_coalesced_total", "counter", "Of them, those that joined an equal one under way.",        \
      m->loop.coalesced)                                                                                     \
    X("dcvd_checks_refused_total", "counter", "Requests turned away for a full queue.", m->loop.refused)     \
    X("dcvd_checks_done_total", "counter", "Checks whose reports are on disk.", m->loop.done)                \
    X("dcvd_checks_cancelled_total", "counter", "Checks that were cancelled.", m->loop.cancelled)            \
    X("dcvd_queue_depth", "gauge", "Runs that wait for their turn.", m->loop.queued)                         \
    X("dcvd_checks_running", "gauge", "Checks under way, one for each domain and method.", m->loop.running)  \
    X("dcvd_jobs_unwritten", "gauge", "Jobs whose end is not on disk yet.", m->loop.unwritten)               \
    X("dcvd_store_failing", "gauge", "1 where the store refused the last write.", m->loop.failing)           \
    X("dcvd_store_jobs_total", "counter", "Writes that came back.", m->writer.jobs)                          \
    X("dcvd_store_jobs_failed_total", "counter", "Of them, with an error.", m->writer.failed)                \
    X("dcvd_store_commits_total", "counter", "Transactions.", m->writer.commits)                             \
    X("dcvd_store_queue_depth", "gauge", "Writes that wait.", m->writer.queued)                              \
    X("dcvd_store_batch_jobs", "gauge", "Writes in the last transaction.", m->writer.batch_last)             \
    X("dcvd_store_batch_jobs_max", "gauge", "Writes in the largest transaction since the start.",            \
      m->writer.batch_most)                                                                                  \
    X("dcvd_dns_questions_total", "counter", "DNS questions put.", m->dns.asked)                             \
    X("dcvd_dns_messages_sent_total", "counter", "DNS messages sent, retries included.", m->dns.sent)        \
    X("dcvd_dns_answers_total", "counter", "DNS answers.", m->dns.answered)                                  \
    X("dcvd_dns_timeouts_total", "counter", "DNS tries without an answer.", m->dns.timeouts)                 \
    X("dcvd_dns_tcp_total", "counter", "DNS questions over TCP.", m->dns.tcp)                                \
    X("dcvd_dns_strays_total", "counter", "Datagrams that answer nothing asked.", m->dns.strays)             \
    X("dcvd_dns_in_flight", "gauge", "DNS questions under way.", m->dns.in_flight)                           \
    X("dcvd_dns_waiting", "gauge", "DNS questions that wait for their server's turn.", m->dns.waiting)       \
    X("dcvd_http_fetches_total", "counter", "Web fetches asked for.", m->http.asked)                         \
    X("dcvd_http_responses_total", "counter", "Web fetches with a response.", m->http.responses)             \
    X("dcvd_http_timeouts_total", "counter", "Web fetches without one in time.", m->http.timeouts)           \
    X("dcvd_http_forbidden_total", "counter", "Web fetches refused for their address.", m->http.forbidden)   \
    X("dcvd_http_in_flight", "gauge", "Web fetches under way.", m->http.in_flight)                           \
    X("dcvd_http_waiting", "gauge", "Web fetches that wait.", m->http.waiting)                               \
    X("process_resident_memory_bytes", "gauge", "Memory in RAM.", m->resident_bytes)                         \
    X("process_open_fds", "gauge", "Open descriptors.", m->open_descriptors)

static void one(struct buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name, (unsigned long long)value);
}

void metrics_write(struct buf *b, const struct metrics *m)
{
#define WRITE(name, type, help, value) one(b, name, type, help, (uint64_t)(value));
    METRICS(WRITE)
#undef WRITE
    const char *commit = "dcvd_store_commit_seconds";
    buf_printf(b,
               "# HELP %s Time of the last transaction.\n# TYPE %s gauge\n%s %.6f\n"
               "# HELP %s_max The longest since the start.\n# TYPE %s_max gauge\n%s_max %.6f\n"
               "# HELP dcvd_build_info The version that runs.\n# TYPE dcvd_build_info gauge\n"
               "dcvd_build_info{version=\"" DCVD_VERSION "\"} 1",
               commit, commit, commit, (double)m->writer.commit_us_last / 1e6, commit, commit, commit,
               (double)m->writer.commit_us_most / 1e6);
}
