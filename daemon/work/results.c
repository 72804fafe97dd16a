#include "work/results.h"

#include "format/json_domains.h"
#include "format/json_write_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int text_set(char **ret, const char *s)
{
    *ret = s ? strdup(s) : NULL;
    return s && !*ret ? -ENOMEM : 0;
}

/* Bytes that a report and each of its facts usually take as JSON in the store. */
enum { REPORT_USUAL = 600, FACT_USUAL = 500 };
/* Bytes of a report and its evidence in the store; of these, what the evidence has in any case. */
enum { STORED_MOST = 1 << 20, EVIDENCE_LEAST = 64 << 10 };
/* A report with more facts, or more bytes of evidence, is not written here as the API shows it, since that would hold
 * up the loop for too long: whoever waits for it is answered from the store. */
enum { SHOWN_FACTS = 100, SHOWN_BYTES = 100 << 10 };

static int result_fill(struct db_result *to, struct report *report, int64_t id, bool show)
{
    const struct request *q = report->request;
    struct arena *scratch = arena_new(0);
    char id_text[17];
    if (!scratch)
        return -ENOMEM;
    db_id_text(id, id_text);
    report->id = id_text;

    struct buf text = {0}, evidence = {0}, shown = {0};
    struct json_out j = {.b = &text};
    buf_reserve(&text, REPORT_USUAL);
    buf_reserve(&evidence, (report->evidence->n + 1) * FACT_USUAL);
    json_write_report(&j, NULL, scratch, report, JSON_NO_EVIDENCE | JSON_NO_CAA | JSON_NO_PATH);
    j = (struct json_out){.b = &evidence};
    json_write_stored_case(&j, scratch, report,
                           text.n < STORED_MOST - EVIDENCE_LEAST ? STORED_MOST - text.n : EVIDENCE_LEAST);
    if (show && report->evidence->n <= SHOWN_FACTS && evidence.n <= SHOWN_BYTES) {
        j = (struct json_out){.b = &shown};
        json_write_shown(&j, NULL, scratch, report);
    }

    *to = (struct db_result){.method = q->method,
                             .verdict = report->verdict,
                             .code = report->error.code,
                             .detail = report->detail_code,
                             .started = report->started_at,
                             .duration_us = report->duration_us,
                             .report = text.p,
                             .report_len = text.n,
                             .evidence = evidence.p,
                             .evidence_len = evidence.n,
                             .shown = shown.p,
                             .shown_len = shown.n};
    int rc = text.failed || evidence.failed || shown.failed || arena_full(scratch) ? -ENOMEM : 0;
    if (!rc)
        rc = text_set(&to->domain, q->domain ? q->domain : q->input);
    if (!rc)
        rc = text_set(&to->variable, report->error.variable[0]);
    if (!rc && report->n_findings) {
        to->findings = calloc(report->n_findings, sizeof *to->findings);
        rc = to->findings ? 0 : -ENOMEM;
        to->n_findings = rc ? 0 : report->n_findings;
        for (size_t i = 0; i < to->n_findings; i++)
            to->findings[i] = (struct db_finding){report->findings[i].cause, report->findings[i].weight};
    }
    report->id = NULL;
    arena_free(scratch);
    return rc;
}

int results_job(int64_t id, struct report *const *reports, size_t n, bool shown, struct write_job **ret)
{
    struct write_job *w = calloc(1, sizeof *w);
    if (!w)
        return -ENOMEM;
    *w = (struct write_job){.kind = WRITE_RESULTS, .id = id};
    w->results = calloc(n, sizeof *w->results);
    int rc = w->results ? 0 : -ENOMEM;
    for (size_t i = 0; !rc && i < n; i++) {
        w->n_results = i + 1;
        rc = result_fill(&w->results[i], reports[i], id, shown);
    }
    if (rc)
        write_job_free(w);
    else
        *ret = w;
    return rc;
}

static const char *code_of(enum code c)
{
    return c == CODE_NONE ? NULL : code_info(c)->code;
}

enum verdict results_verdict(const struct db_result *r, size_t n, const struct db_result **by)
{
    struct domain_part v[METHOD_COUNT];
    struct arena *a = n && n <= METHOD_COUNT ? arena_new(0) : NULL;
    bool whole = a;
    enum verdict verdict = VERDICT_UNDECIDED;
    for (size_t i = 0; whole && i < n; i++)
        whole = json_domain_part(&(struct report_text){r[i].report, r[i].report_len}, &v[i]);
    *by = NULL;
    if (whole) {
        struct domain_verdict is = domain_judge(a, v, n);
        size_t deciding = domain_deciding(&is, v);
        verdict = is.verdict;
        *by = deciding == DOMAIN_NONE ? NULL : &r[deciding];
    }
    arena_free(a);
    return verdict;
}

void results_summary(struct json_out *j, const char *key, const struct db_result *r, size_t n)
{
    json_open(j, key, '[');
    for (size_t i = 0; i < n; i++) {
        json_open(j, NULL, '{');
        json_text(j, "method", method_name(r[i].method));
        json_text(j, "verdict", verdict_name(r[i].verdict));
        json_text(j, "code", code_of(r[i].code));
        json_text(j, "detail_code", code_of(r[i].detail));
        json_text(j, "cause", r[i].n_findings ? cause_info(r[i].findings[0].cause)->id : NULL);
        json_close(j, '}');
    }
    json_close(j, ']');
}
