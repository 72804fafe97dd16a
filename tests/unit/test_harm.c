/* For each case file whose check fails: a change that does harm, added to the cure that the report has, is refused by
 * the model. What a cure says is held to the rules of all cures, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "case_files.h"
#include "format/json_read_case.h"
#include "judge/opinion.h"
#include "judge/prove.h"
#include "wire/name.h"
#include "wire/wire.h"

static unsigned faults, harms, combined;
#define wrong(...) (faults++, print_error("" __VA_ARGS__), print_error("\n"))

enum { OPS_MOST = 48, NAMES_MOST = 60 };

/* What the harm is added to: a proven cure, or nothing. */
struct trying_harm {
    const char *file;
    struct proof proof;
    struct fix ops[OPS_MOST];
    size_t n;
};

static void refused(struct trying_harm *t, struct fix harm, const char *what)
{
    struct trial trial;
    t->ops[t->n] = harm;
    assert_int_equal(proof_try(&t->proof, t->ops, t->n + 1, &trial), 0);
    harms++;
    combined += t->n > 0;
    if (trial.end == TRIAL_PROVEN)
        wrong("%s: %s at %s (%s %s) is taken for a cure", t->file, what, harm.owner, harm.type, harm.rdata);
}

static bool touched(const struct trying_harm *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->ops[i].owner && name_equal(t->ops[i].owner, name))
            return true;
    return false;
}

static void harm_at(struct trying_harm *t, const struct model_name *n)
{
    struct arena *a = t->proof.a;
    for (const struct model_set *s = n->sets; s; s = s->next) {
        char buf[16];
        const char *type = arena_strdup(a, rr_type_name(s->type, buf));
        bool host = s->type == RR_A || s->type == RR_AAAA || s->type == RR_MX;
        if (!s->n || !model_stands(n, s) || touched(t, n->name))
            continue;
        if (s->type == RR_CNAME && n->state == MODEL_OWN)
            refused(t, (struct fix){.op = FIX_ADD, .owner = n->name, .ttl = 300, .type = "TXT", .rdata = "\"x\""},
                    "a record beside an alias");
        if (s->type != RR_CNAME && s->type != RR_NS && n->state != MODEL_WILD)
            refused(t, (struct fix){.op = FIX_ADD, .owner = n->name, .ttl = 300, .type = "CNAME", .rdata = "x.net."},
                    "an alias beside a record");
        if (host && !model_of_no_host(n->name) && !s->rr[0]->defect)
            refused(t, (struct fix){.op = FIX_REMOVE, .owner = n->name, .type = type,
                                    .rdata = rr_rdata_text(a, s->rr[0])},
                    "a host's record removed");
    }
}

static void harm_all(struct trying_harm *t, const struct request *r)
{
    unsigned names = 0;
    for (const struct model_name *n = t->proof.now.first; n && names++ < NAMES_MOST; n = n->next)
        harm_at(t, n);
    const char *owner = arena_concat(t->proof.a, r->domain, ".", NULL);
    if (r->method != METHOD_CAA)
        return;
    const struct fix nobody = {.op = FIX_ADD, .owner = owner, .ttl = 300, .type = "CAA", .rdata = "128 nobody \"x\""};
    refused(t, nobody, "a record that forbids all");
}

/* The rules of all cures. */
static void within_rules(const char *file, const struct report *p)
{
    for (size_t i = 0; i < p->n_findings; i++) {
        const struct finding *f = &p->findings[i];
        if (f->n_cures > CURES_MOST)
            wrong("%s: %zu cures", file, f->n_cures);
        if (f->n_fixes && (f->fixes != f->cures->ops || f->cures->breaks.n))
            wrong("%s: the fixes are not those of the first cure, or break something", file);
        for (size_t k = 0; k < f->n_cures; k++) {
            const struct cure *c = &f->cures[k];
            if (c->proven && c->breaks.n)
                wrong("%s: a proven cure breaks something", file);
            for (size_t n = 0; n < c->n; n++)
                /* Files are fetched at the domain itself: the CA prunes names for records only (BR 3.2.2.4.18). */
                if (c->ops[n].op == FIX_INPUT && !strcmp(c->ops[n].argument, "adn") &&
                    method_is_file(p->request->method))
                    wrong("%s: --adn for a file", file);
        }
    }
}

static void one_case(const char *file, const char *text)
{
    struct arena *a = arena_new(0);
    struct dcv_case c;
    struct json_problem problem = {0};
    struct report p, scratch;
    struct trying_harm t = {.file = file};
    if (json_read_case(a, text, strlen(text), NULL, &c, &problem))
        fail_msg("%s: %s", file, problem.text);
    assert_int_equal(judge(&c.request, &c.evidence, a, &p), 0);
    within_rules(file, &p);
    struct judgement j = {.r = &c.request, .ev = &c.evidence, .a = a, .report = &scratch};
    scratch = p;
    if (p.verdict == VERDICT_FAIL && p.error.code != CODE_dns_invalid_domain &&
        p.error.code != CODE_internal_names_not_allowed && !judge_read_zones(&j)) {
        method_rules(c.request.method)->verdict(&j);
        assert_int_equal(proof_begin(&j, a, &t.proof), 0);
        for (size_t i = 0; i < p.n_findings && !t.n; i++)
            for (size_t k = 0; k < p.findings[i].n_cures && !t.n; k++)
                if (p.findings[i].cures[k].proven && p.findings[i].cures[k].n < OPS_MOST) {
                    t.n = p.findings[i].cures[k].n;
                    memcpy(t.ops, p.findings[i].cures[k].ops, t.n * sizeof *t.ops);
                }
        harm_all(&t, &c.request);
    }
    arena_free(a);
}

static void case_files(void **state)
{
    (void)state;
    each_case_file("", one_case);
    print_message("%u harmful changes are refused, %u of them beside a cure\n", harms, combined);
    assert_int_equal(faults, 0);
    assert_true(harms > 400 && combined > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
