/* causes_txt.c - causes for the TXT method: there is no TXT record, or none holds the value that the CA looks
 * for. */
#include "ca/altered.h"
#include "ca/profile.h"
#include "causes/causes.h"
#include "causes/fix.h"
#include "wire/name.h"
#include "wire/wire.h"

#include <string.h>

enum { TEXT_MOST = 1024 }; /* bytes of a text in which an altered request token is looked for */

/* The request token that a text was, before letter case and other characters were changed in it; NULL: none. */
static const char *token_once(struct judgement *j, struct bytes text)
{
    struct token_found found;
    uint8_t *plain = text.n <= TEXT_MOST ? arena_alloc(j->a, text.n + 1) : NULL;
    size_t n = 0;
    for (size_t i = 0; plain && i < text.n; i++) {
        uint8_t c = text.p[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            plain[n++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    if (!plain || token_find(j->a, j->r, (struct bytes){plain, n}, &found, &j->report->tokens))
        return NULL;
    return found.class == TOKEN_VALID ? arena_strndup(j->a, plain + found.at, TOKEN_LENGTH) : NULL;
}

/* How a text differs from what is looked for, where it is almost that; else NULL. */
static const char *alteration(struct judgement *j, struct bytes text)
{
    bool random = j->report->challenge == CHALLENGE_RANDOM_VALUE;
    const char *wanted = random ? j->r->token : token_once(j, text);
    return wanted ? altered_value(text, (struct bytes){(const uint8_t *)wanted, strlen(wanted)}) : NULL;
}

void cause_txt_altered_value(struct judgement *j)
{
    for (size_t i = 0; judged_failing(j) && j->txt.class == TOKEN_NONE && i < j->txt.n; i++) {
        const struct txt_value *v = &j->txt.v[i];
        const char *phrase = alteration(j, v->text);
        if (!phrase)
            continue;
        struct finding *f = finding_add(j, CAUSE_txt_altered_value);
        finding_set(j, f, "owner", v->rr->owner);
        finding_set(j, f, "what", phrase);
        finding_fact(j, f, v->at->fact);
        fix_replace_txt(j, f, v->rr);
        return;
    }
}

void cause_txt_other_values_only(struct judgement *j)
{
    const struct txt_view *t = &j->txt;
    if (!judged_failing(j) || !t->n || t->class != TOKEN_NONE)
        return;
    struct finding *f = finding_add(j, CAUSE_txt_other_values_only);
    const char *count =
        t->n == 1 ? "There is one TXT record" : arena_printf(j->a, "There are %zu TXT records", t->n);
    finding_set(j, f, "count", count ? count : "");
    finding_set(j, f, "none", t->n == 1 ? "it does not hold" : "none of them holds");
    const char *place = t->at[0].n && t->at[1].n
                            ? arena_printf(j->a, "%s and %s", t->at[0].name, t->at[1].name)
                            : t->at[t->at[0].n ? 0 : 1].name;
    finding_set(j, f, "place", place ? place : "");
    finding_set(j, f, "token", fix_shown_value(j));
    for (size_t i = 0; i < 2; i++)
        finding_fact(j, f, t->at[i].fact);
    fix_publish_txt(j, f);
}

/* Both names must have been shown to have no record: where one lookup failed, that failure is the cause. */
void cause_txt_absent(struct judgement *j)
{
    const struct txt_view *t = &j->txt;
    if (!judged_failing(j) || t->n)
        return;
    for (size_t i = 0; i < 2; i++)
        if (t->at[i].class != LOOKUP_NODATA && t->at[i].class != LOOKUP_NXDOMAIN)
            return;
    struct finding *f = finding_add(j, CAUSE_txt_absent);
    finding_set(j, f, "owner", txt_first(t)->name);
    finding_set(j, f, "second", t->at[0].name ? arena_printf(j->a, " nor at %s", j->r->adn) : "");
    finding_set(j, f, "nxdomain",
                t->at[1].class == LOOKUP_NXDOMAIN ? " (that name does not exist at all)" : "");
    finding_set(j, f, "long", t->at[0].name ? "" : fix_too_long(j, j->r->profile->txt_label));
    finding_set(j, f, "token", fix_shown_value(j));
    for (size_t i = 0; i < 2; i++)
        finding_fact(j, f, t->at[i].fact);
    fix_publish_txt(j, f);
}

/* ---------------------------------------------------------------- the check passes, with something to note
 * ---------------------- */

static const struct txt_value *passing(const struct judgement *j)
{
    return j->report->verdict == VERDICT_PASS ? j->txt.best : NULL;
}

void cause_txt_split_strings(struct judgement *j)
{
    const struct txt_value *v = passing(j);
    if (!v || j->report->challenge != CHALLENGE_RANDOM_VALUE || v->in_one)
        return;
    struct finding *f = finding_about(j, CAUSE_txt_split_strings);
    fix_replace_txt(j, f, v->rr);
}

void cause_txt_answered_by_alias(struct judgement *j)
{
    const struct txt_value *v = passing(j);
    if (!v || !v->at->hops)
        return;
    struct finding *f = finding_add(j, CAUSE_txt_answered_by_alias);
    finding_set(j, f, "owner", v->at->name);
    finding_set(j, f, "target", v->at->end);
    finding_fact(j, f, v->at->fact);
    if (!name_equal(v->at->name, j->r->adn)) {
        /* An alias at the label is how validation is handed to a provider, and wanted. */
        if (f)
            f->weight = WEIGHT_NOTE;
        fix_advice(j, f,
                   "Nothing needs to be done where that is meant so. Otherwise replace the CNAME at the checked name "
                   "by the TXT record itself.");
        return;
    }
    fix_publish_txt(j, f);
}

void cause_txt_too_many_values(struct judgement *j)
{
    enum { SLOW_US = 1000000 };
    for (size_t i = 0; i < 2; i++) {
        const struct lookup *l = &j->txt.at[i];
        bool slow = l->fact && l->fact->us > SLOW_US;
        if (!l->udp || !(l->class == LOOKUP_FAIL || slow))
            continue;
        struct finding *f = finding_add(j, CAUSE_txt_too_many_values);
        finding_set(j, f, "owner", l->name);
        finding_set(j, f, "what",
                    l->class == LOOKUP_FAIL ? ", which fails" : ", which takes more than a second");
        finding_fact(j, f, l->udp);
        finding_fact(j, f, l->fact);
        if (i == 1)
            fix_publish_txt(j, f);
        else
            fix_advice(j, f, "Remove the TXT records that are no longer needed.");
        return;
    }
}

void cause_txt_quotes_in_value(struct judgement *j)
{
    const struct txt_value *v = passing(j);
    if (!v || v->text.n < 2 || v->text.p[0] != '"' || v->text.p[v->text.n - 1] != '"')
        return;
    struct finding *f = finding_about(j, CAUSE_txt_quotes_in_value);
    fix_replace_txt(j, f, v->rr);
}
