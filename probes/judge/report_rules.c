#include "judge/report_rules.h"

#include "model/time.h"

static const struct {
    enum cause cause;
    unsigned rules;
} rows[] = {
    {CAUSE_cname_retired_form, RULE_BIT(RULE_retired_cname)},
    {CAUSE_target_with_wildcard, RULE_BIT(RULE_own_cname_only)},
    {CAUSE_target_above, RULE_BIT(RULE_own_cname_only)},
    {CAUSE_target_at_label_only, RULE_BIT(RULE_own_cname_only)},
    {CAUSE_target_not_validated, RULE_BIT(RULE_reuse)},
    {CAUSE_caa_account_restricted, RULE_BIT(RULE_caa_parameters)},
    {CAUSE_caa_method_restricted, RULE_BIT(RULE_caa_parameters)},
    {CAUSE_perspective_differs, RULE_BIT(RULE_places_bind)},
};

dcv_time report_reusable_until(const struct report *r)
{
    const struct request *q = r->request;
    if (r->verdict != VERDICT_PASS || q->method == METHOD_CAA || q->now == TIME_UNKNOWN)
        return TIME_UNKNOWN;
    dcv_time until = dated_usable_until(&q->profile->reuse_days, q->now);
    const dcv_time own = q->now + q->profile->persist_days * DAY_MS;
    return q->method == METHOD_DNS_PERSIST && own < until ? own : until;
}

unsigned report_rules(const struct report *r)
{
    unsigned rules = 0;
    if (r->request->now == TIME_UNKNOWN)
        return 0;
    for (size_t i = 0; i < r->n_findings; i++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
            if (rows[k].cause == r->findings[i].cause)
                rules |= rows[k].rules;
    if (report_reusable_until(r) != TIME_UNKNOWN && r->request->method != METHOD_DNS_PERSIST)
        rules |= RULE_BIT(RULE_reuse);
    if (r->request->perspectives.n && !method_is_file(r->request->method) && r->verdict != VERDICT_UNDECIDED)
        rules |= RULE_BIT(RULE_places) | RULE_BIT(RULE_places_bind) | RULE_BIT(RULE_regions);
    return rules;
}
