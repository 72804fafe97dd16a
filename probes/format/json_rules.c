#include "format/json_rules.h"

#include "judge/report_rules.h"

void json_write_rules(struct json_out *j, struct arena *a, const struct report *r)
{
    unsigned rules = report_rules(r);
    dcv_time until = report_reusable_until(r);
    if (until != TIME_UNKNOWN)
        json_time(j, "reusable_until", until);
    json_open(j, "rules", '[');
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        struct rule_said said;
        if (!(rules & RULE_BIT(i)) || !rule_said(a, r->request->profile, i, r->request->now, &said))
            continue;
        json_open(j, NULL, '{');
        json_text(j, "rule", said.name);
        if (said.is_switch)
            json_bool(j, "value", said.value);
        else
            json_int(j, "value", said.value);
        json_text(j, "since", said.since);
        json_text(j, "until", said.until);
        json_text(j, "source", said.source);
        json_text(j, "text", said.text);
        json_close(j, '}');
    }
    json_close(j, ']');
}
