/* causes_name.c - causes in the input itself, before anything is asked. */
#include "causes/causes.h"
#include "causes/fix.h"
#include "wire/name.h"
#include "wire/suffixes.h"

static void input_cause(struct judgement *j, enum cause c, const char *reason)
{
    if (j->input_cause != c)
        return;
    struct finding *f = finding_add(j, c);
    finding_set(j, f, "reason", reason ? reason : "");
    finding_fact(j, f, j->top_denial);
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = "domain";
    x->value = j->r->name_suggestion ? j->r->name_suggestion : "";
    if (!j->r->name_suggestion)
        x->text = "Give the domain name as it stands in the order, under a public top-level domain.";
}

void cause_name_is_public_suffix(struct judgement *j)
{
    input_cause(j, CAUSE_name_is_public_suffix, j->r->name_reason);
}

void cause_name_internal(struct judgement *j)
{
    const char *reason = j->r->name_reason;
    if (j->top_denial)
        reason = arena_printf(j->a,
                              "there is no top-level domain %s: the root of DNS says so, and the public suffix list of "
                              "%s does not have it either",
                              j->r->top, suffixes_in_use()->date);
    input_cause(j, CAUSE_name_internal, reason);
}

void cause_name_invalid(struct judgement *j)
{
    const char *reason = j->r->name_reason;
    if (!reason && j->r->is_ip)
        reason = "it is an IP address, which only the file method http-token can prove.";
    input_cause(j, CAUSE_name_invalid, reason);
}

void cause_wildcard_with_file(struct judgement *j)
{
    if (j->input_cause != CAUSE_wildcard_with_file)
        return;
    struct finding *f = finding_add(j, CAUSE_wildcard_with_file);
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = "method";
    x->value = method_name(METHOD_DNS_TXT_TOKEN);
}
