#include "work/verdict_counts.h"

static bool named_before(const struct db_result *r, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (r->findings[k].cause == r->findings[i].cause)
            return true;
    return false;
}

void verdict_counts_add(struct verdict_counts *d, const struct db_result *results, size_t n)
{
    for (const struct db_result *r = results; r < results + n; r++) {
        d->reports[r->method][r->verdict]++;
        histogram_add(&d->seconds[r->method], &scale_seconds, r->duration_us / 1e6);
        d->codes[r->code]++;
        for (size_t i = 0; i < r->n_findings; i++)
            if (!named_before(r, i))
                d->causes[r->findings[i].cause]++;
    }
}
