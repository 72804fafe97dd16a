/* The store under load: checks are written as the daemon writes them, 512 jobs in a transaction, then each query of the
 * API is timed. bench_store PATH RESULTS   prints results/s, then a line for each query: milliseconds (the median and
 * the worst of nine) and the number of rows. Exit status 1 where a query of the API took longer than 20 ms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "db_inner.h"

enum {
    GROUP = 512,
    DAYS = 90,
    DOMAINS = 200000,
    REPORT = 350,    /* bytes of a report as it is stored */
    EVIDENCE = 1150, /* bytes of the evidence of a check at depth quick */
    ROUNDS = 9,
    LIMIT_MS = 20
};
static const dcv_time day_ms = 86400000, last_day = 1795348800000; /* 2026-11-22T12:00:00Z */

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void must(struct db *db, int r)
{
    if (r >= 0)
        return;
    fprintf(stderr, "bench_store: %s (%d)\n", db_error(db), r);
    exit(2);
}

static struct db *open_or_die(const char *path, enum db_mode mode)
{
    struct db *db;
    char why[DB_ERROR_TEXT];
    if (db_open(path, mode, &db, why) < 0) {
        fprintf(stderr, "bench_store: %s\n", why);
        exit(2);
    }
    return db;
}

/* ---------------------------------------------------------------- writing ---------------------------- */

static unsigned seed = 20261122;

static unsigned below(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

/* A random number below n, low ones more often, because most real failures have a few causes. */
static unsigned skewed(unsigned n)
{
    return below(1 + below(1 + below(n)));
}

static void fill(struct db_result *r, struct db_finding *findings, char *domain, char *report, char *evidence,
                 enum method method, dcv_time at)
{
    *r = (struct db_result){.domain = domain,
                            .method = method,
                            .started = at,
                            .duration_us = 20000 + below(400000),
                            .report = report,
                            .report_len = REPORT,
                            .evidence = evidence,
                            .evidence_len = EVIDENCE,
                            .findings = findings};
    unsigned lot = below(100);
    r->verdict = lot < 62 ? VERDICT_PASS : lot < 97 ? VERDICT_FAIL : VERDICT_UNDECIDED;
    if (r->verdict == VERDICT_FAIL) {
        r->code = (enum code)(CODE_NONE + 1 + skewed(30));
        r->detail = below(3) ? (enum code)(CODE_NONE + 31 + skewed(20)) : CODE_NONE;
    }
    r->n_findings = r->verdict == VERDICT_PASS ? !below(5) : 1 + below(3);
    unsigned cause = skewed(CAUSE_COUNT - 3);
    for (unsigned i = 0; i < r->n_findings; i++)
        findings[i] = (struct db_finding){(enum cause)(CAUSE_NONE + 1 + cause + i), WEIGHT_BLOCKING};
}

/* The checks are spread evenly over the days. */
static void write_all(struct db *db, size_t results)
{
    static char report[REPORT + 1], evidence[EVIDENCE + 1];
    memset(report, 'r', REPORT);
    memset(evidence, 'e', EVIDENCE);
    double start = now_ms(), slowest = 0;
    size_t written = 0, checks = 0;
    dcv_time at = 0;
    while (written < results) {
        double began = now_ms();
        must(db, db_begin(db));
        for (int i = 0; i < GROUP / 2; i++) {
            char domain[40], request[200];
            struct db_result r[3];
            struct db_finding findings[3][4];
            at = last_day - DAYS * day_ms +
                 (dcv_time)((double)written / (double)results * DAYS * (double)day_ms);
            snprintf(domain, sizeof domain, "shop%u.example%u.com", skewed(DOMAINS), below(2));
            int n = snprintf(request, sizeof request, "{\"domain\":\"%s\",\"token\":\"%0100d\"}", domain, 0);
            struct write_job asked = {.kind = WRITE_REQUEST,
                                      .id = db_id_next(at),
                                      .at = at,
                                      .domain = domain,
                                      .request = request,
                                      .request_len = (size_t)n};
            must(db, db_do(db, &asked));
            struct write_job done = {.kind = WRITE_RESULTS,
                                     .id = asked.id,
                                     .at = at + 300,
                                     .results = r,
                                     .n_results = 1 + below(3)};
            for (size_t k = 0; k < done.n_results; k++)
                fill(&r[k], findings[k], domain, report, evidence,
                     (enum method)((k + below(2)) % METHOD_COUNT), at);
            must(db, db_do(db, &done));
            written += done.n_results;
            checks++;
        }
        must(db, db_commit(db));
        double took = now_ms() - began;
        if (took > slowest)
            slowest = took;
        db_checkpoint(db);
    }
    double s = (now_ms() - start) / 1e3;
    printf("%zu results of %zu checks in %.1f s: %.0f results/s, %.0f checks/s, slowest commit %.0f ms\n",
           written, checks, s, (double)written / s, (double)checks / s, slowest);
}

/* ---------------------------------------------------------------- reading ---------------------------- */

struct asking {
    struct db *db;
    struct db_filter filter;
    dcv_time since, until;
    int64_t ids[1000];
    size_t n;
};

static int see_check(void *user, const struct db_check_row *row)
{
    struct asking *a = user;
    a->ids[a->n++] = row->id;
    return 0;
}

static int see_result(void *user, const struct db_result_row *row)
{
    (void)user, (void)row;
    return 0;
}

static int see_count(void *user, const char *value, int64_t n)
{
    (void)value, (void)n;
    ((struct asking *)user)->n++;
    return 0;
}

/* A page of GET /v1/checks, with the reports. */
static void ask_list(struct asking *a)
{
    must(a->db, db_list(a->db, &a->filter, see_check, a));
    for (size_t i = 0; i < a->n; i++)
        must(a->db, db_results(a->db, a->ids[i], false, see_result, NULL));
}

static void ask_stats(struct asking *a)
{
    for (unsigned k = 0; k < DB_COUNT_KINDS; k++)
        must(a->db, db_count(a->db, (enum db_count)k, a->since, a->until, see_count, a));
}

static int see_change(void *user, const struct db_change_row *row)
{
    (void)row;
    ((struct asking *)user)->n++;
    return 0;
}

static void ask_domain(struct asking *a)
{
    must(a->db, db_domain_latest(a->db, "shop0.example0.com", see_result, NULL));
    must(a->db, db_domain_changes(a->db, "shop0.example0.com", 0, 51, see_change, a));
}

static int by_value(const void *x, const void *y)
{
    const double *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

static bool time_of(const char *what, void (*ask)(struct asking *a), struct asking *a)
{
    double ms[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        a->n = 0;
        double start = now_ms();
        ask(a);
        ms[i] = now_ms() - start;
    }
    qsort(ms, ROUNDS, sizeof *ms, by_value);
    bool fast = ms[ROUNDS / 2] < LIMIT_MS;
    printf("%-44s %8.2f %8.2f ms  %zu rows%s\n", what, ms[ROUNDS / 2], ms[ROUNDS - 1], a->n,
           fast ? "" : "  TOO SLOW");
    return fast;
}

static bool ask_all(struct db *db)
{
    const struct db_filter any = {
        .verdict = -1, .method = -1, .since = TIME_UNKNOWN, .until = TIME_UNKNOWN, .limit = 51};
    const dcv_time middle = last_day - DAYS / 2 * day_ms - 12345678;
    const char *often = code_info((enum code)(CODE_NONE + 1))->code;
    const char *seldom = code_info((enum code)(CODE_NONE + 30))->code;
    bool fast = true;
#define LIST(what, ...)                                                                                      \
    do {                                                                                                     \
        struct asking a = {.db = db, .filter = any};                                                         \
        struct db_filter *f = &a.filter;                                                                     \
        __VA_ARGS__;                                                                                         \
        fast = time_of(what, ask_list, &a) && fast;                                                          \
    } while (0)
    LIST("list: newest", (void)f);
    LIST("list: a frequent code", f->code = often);
    LIST("list: a frequent code, from the middle on", f->code = often, f->before = db_id_at(middle));
    LIST("list: a rare code", f->code = seldom);
    LIST("list: a detail code", f->detail_code = code_info((enum code)(CODE_NONE + 31))->code);
    LIST("list: the most frequent cause", f->cause = cause_info((enum cause)(CAUSE_NONE + 1))->id);
    LIST("list: a rare cause", f->cause = cause_info((enum cause)CAUSE_COUNT)->id);
    LIST("list: fail", f->verdict = VERDICT_FAIL);
    LIST("list: undecided, of a week", f->verdict = VERDICT_UNDECIDED, f->since = middle,
         f->until = middle + 7 * day_ms);
    LIST("list: a method", f->method = METHOD_DNS_TXT_TOKEN);
    LIST("list: a domain", f->domain = "shop0.example0.com");
    LIST("list: a domain and a code", f->domain = "shop0.example0.com", f->code = often);
    LIST("list: a code and a cause", f->code = often,
         f->cause = cause_info((enum cause)(CAUSE_NONE + 1))->id);
    struct asking one = {.db = db};
    fast = time_of("domain: latest and history", ask_domain, &one) && fast;
#define STATS(what, from, to)                                                                                \
    do {                                                                                                     \
        struct asking a = {.db = db, .since = from, .until = to};                                            \
        fast = time_of(what, ask_stats, &a) && fast;                                                         \
    } while (0)
    STATS("stats: all", TIME_UNKNOWN, TIME_UNKNOWN);
    STATS("stats: the second half", middle, TIME_UNKNOWN);
    STATS("stats: a day, not from midnight", middle, middle + day_ms);
    return fast;
}

/* Queries of views for people, who can wait some seconds. */
static void ask_views(struct db *db)
{
    static const char *const views[] = {
        "SELECT * FROM failures_by_code",
        "SELECT * FROM findings_by_cause",
        "SELECT * FROM results_by_day",
        "SELECT * FROM results_by_domain WHERE domain = 'shop0.example0.com'",
        "SELECT * FROM results_by_domain",
        "SELECT * FROM failures WHERE code = 'invalid_dns_txt' ORDER BY request DESC LIMIT 100",
        "SELECT * FROM checks ORDER BY request DESC LIMIT 100",
    };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        sqlite3_stmt *s;
        size_t n = 0;
        double start = now_ms();
        must(db, db_prepare(db, views[i], &s));
        while (sqlite3_step(s) == SQLITE_ROW)
            n++;
        sqlite3_finalize(s);
        printf("%8.0f ms  %zu rows  %s\n", now_ms() - start, n, views[i]);
    }
}

int main(int argc, char **argv)
{
    size_t results = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    struct stat st;
    if (!results) {
        fprintf(stderr, "usage: bench_store PATH RESULTS\n");
        return 2;
    }
    struct db *db = open_or_die(argv[1], DB_WRITE);
    write_all(db, results);
    db_close(db);
    if (!stat(argv[1], &st))
        printf("the file has %lld MB\n", (long long)st.st_size >> 20);
    db = open_or_die(argv[1], DB_READ);
    bool fast = ask_all(db);
    ask_views(db);
    db_close(db);
    return fast ? 0 : 1;
}
