#include "db_jobs.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const dcv_time some_time = 1795348800000; /* 2026-11-22T12:00:00Z */

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

static struct write_job *job_new(enum write_kind kind, int64_t id)
{
    struct write_job *job = must(calloc(1, sizeof *job));
    job->kind = kind;
    job->id = id;
    job->at = some_time;
    return job;
}

struct write_job *job_request(int64_t id, const char *domain)
{
    struct write_job *job = job_new(WRITE_REQUEST, id);
    job->domain = must(strdup(domain));
    int n = asprintf(&job->request, "{\"domain\":\"%s\"}", domain);
    if (n < 0)
        abort();
    job->request_len = (size_t)n;
    return job;
}

struct write_job *job_results(int64_t id, size_t n)
{
    struct write_job *job = job_new(WRITE_RESULTS, id);
    job->results = must(calloc(n, sizeof *job->results));
    job->n_results = n;
    for (size_t i = 0; i < n; i++) {
        struct db_result *r = &job->results[i];
        r->domain = must(strdup("Shop.Example.com"));
        r->method = (enum method)(i % METHOD_COUNT);
        r->verdict = VERDICT_PASS;
        r->started = some_time;
        r->duration_us = 41700;
        r->report = must(strdup("{\"verdict\":\"pass\"}"));
        r->report_len = strlen(r->report);
        r->evidence = must(strdup("{\"request\":{},\"evidence\":[]}"));
        r->evidence_len = strlen(r->evidence);
    }
    return job;
}

struct write_job *job_cancel(int64_t id)
{
    return job_new(WRITE_CANCEL, id);
}

struct write_job *job_batch(enum write_kind kind, int64_t id)
{
    return job_new(kind, id);
}

struct write_job *job_lines(int64_t id, int64_t first, size_t n)
{
    struct write_job *job = job_new(WRITE_LINES, id);
    job->lines = must(calloc(n, sizeof *job->lines));
    job->n_lines = n;
    for (size_t i = 0; i < n; i++) {
        struct db_line *l = &job->lines[i];
        l->id = first + (int64_t)i;
        if (asprintf(&l->domain, "Line%d.example", (int)l->id) < 0 ||
            asprintf(&l->request, "{\"domain\":\"line%d.example\"}", (int)l->id) < 0)
            abort();
        l->request_len = strlen(l->request);
    }
    return job;
}

void job_fail(struct write_job *job, size_t n, enum method method, enum code code, enum code detail,
              enum cause cause)
{
    struct db_result *r = &job->results[n];
    r->method = method;
    r->verdict = VERDICT_FAIL;
    r->code = code;
    r->detail = detail;
    r->variable = must(strdup("shop.example.com"));
    r->findings = must(calloc(1, sizeof *r->findings));
    r->n_findings = 1;
    r->findings[0] = (struct db_finding){cause, WEIGHT_BLOCKING};
}

char *scratch_path(const char *name)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = NULL, *path = NULL;
    if (asprintf(&dir, "%s/dcvd-test-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(dir) ||
        asprintf(&path, "%s/%s", dir, name) < 0)
        abort();
    free(dir);
    return path;
}

void scratch_clean(char *path)
{
    *strrchr(path, '/') = 0;
    DIR *d = must(opendir(path));
    for (struct dirent *e; (e = readdir(d));) {
        char *file = NULL;
        if (asprintf(&file, "%s/%s", path, e->d_name) < 0)
            abort();
        unlink(file);
        free(file);
    }
    closedir(d);
    rmdir(path);
    free(path);
}
