#include "show/explain_rules.h"

#include "ca/rules.h"

#include <errno.h>
#include <string.h>

/* Codes that name, or ask for, a method of validation: those whose method ends are listed, all, or by email only. */
enum ends { ENDS_NONE, ENDS_ALL, ENDS_EMAIL };

static const struct {
    enum code code;
    unsigned rules; /* RULE_BITs */
    enum ends ends;
} rows[] = {
    {CODE_invalid_dns_cname, RULE_BIT(RULE_retired_cname) | RULE_BIT(RULE_own_cname_only), ENDS_NONE},
    {CODE_invalid_cname_whitelist, RULE_BIT(RULE_own_cname_only), ENDS_NONE},
    {CODE_invalid_cname_validation, RULE_BIT(RULE_reuse) | RULE_BIT(RULE_own_cname_only), ENDS_NONE},
    {CODE_caa_check_failed,
     RULE_BIT(RULE_caa_parameters) | RULE_BIT(RULE_places) | RULE_BIT(RULE_places_bind) | RULE_BIT(RULE_regions),
     ENDS_NONE},
    {CODE_domains_not_prevalidated, RULE_BIT(RULE_reuse), ENDS_NONE},
    {CODE_email_domain_not_validated, RULE_BIT(RULE_reuse), ENDS_NONE},
    {CODE_invalid_dns_method, 0, ENDS_ALL},
    {CODE_invalid_wildcard_dcv_method, RULE_BIT(RULE_own_cname_only), ENDS_EMAIL},
    {CODE_email_not_valid_email_format, 0, ENDS_EMAIL},
    {CODE_cert_validity_exceeds_order_validity, RULE_BIT(RULE_certificate), ENDS_NONE},
    {CODE_custom_expiration_not_allowed, RULE_BIT(RULE_certificate), ENDS_NONE},
    {CODE_invalid_value_validity_years, RULE_BIT(RULE_certificate), ENDS_NONE},
};

static bool add(struct arena *a, struct texts *to, const char *text)
{
    return text && texts_add(a, to, text);
}

int explain_rules(struct arena *a, enum code c, const struct profile *p, dcv_time now, struct texts *ret)
{
    size_t i = 0;
    *ret = (struct texts){0};
    while (i < sizeof rows / sizeof *rows && rows[i].code != c)
        i++;
    if (i == sizeof rows / sizeof *rows)
        return 0;
    for (unsigned rule = 0; rule < RULE_COUNT; rule++) {
        struct rule_said said;
        if (rows[i].rules & RULE_BIT(rule) && rule_said(a, p, rule, now, &said) && !add(a, ret, said.text))
            return -ENOMEM;
    }
    for (size_t k = 0; k < p->sunsets.n && rows[i].ends != ENDS_NONE; k++) {
        const struct sunset *s = &p->sunsets.v[k];
        if ((rows[i].ends == ENDS_ALL || sunset_by(s, "email")) && !add(a, ret, sunset_said(a, s, now)))
            return -ENOMEM;
    }
    return arena_full(a) ? -ENOMEM : 0;
}
