#include "front/probe_metrics.h"

#include "judge/domain.h"

bool probe_result_of(struct arena *a, const struct report *const *r, size_t n, struct probe_result *ret)
{
    struct domain *d;
    *ret = (struct probe_result){.verdict = VERDICT_UNDECIDED};
    if (!domains_of(a, r, n, &d))
        return false;
    ret->verdict = d->is.verdict;
    size_t by = domain_deciding(&d->is, d->part);
    const struct report *deciding = by == DOMAIN_NONE ? NULL : d->r[by];
    if (deciding && deciding->error.code != CODE_NONE)
        ret->code = code_info(deciding->error.code)->code;
    if (deciding && deciding->n_findings && deciding->findings[0].weight != WEIGHT_NOTE)
        ret->cause = cause_info(deciding->findings[0].cause)->id;
    return true;
}

static void head(struct buf *b, const char *name, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n%s", name, help, name, name);
}

void probe_metrics_write(struct buf *b, const struct probe_result *is)
{
    head(b, "dcvd_probe_success", "1 where the domain passes, 0 where it fails or is undecided.");
    buf_printf(b, " %d\n", is->verdict == VERDICT_PASS);
    head(b, "dcvd_probe_undecided", "1 where it is not known: no value was given, or no answer came.");
    buf_printf(b, " %d\n", is->verdict == VERDICT_UNDECIDED);
    head(b, "dcvd_probe_info", "Code and cause of what decides; empty where there is none.");
    buf_printf(b, "{code=\"%s\",cause=\"%s\"} 1\n", is->code ? is->code : "", is->cause ? is->cause : "");
    head(b, "dcvd_probe_duration_seconds", "Time from the question to this answer.");
    buf_printf(b, " %.6f", is->seconds);
}
