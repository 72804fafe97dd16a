/* The order in which causes are looked for does not matter: the report of each case file is the same in any order, and
 * so is that of a case with one fact left out or replaced by another one, which brings causes together that no case
 * has. No cause is a consequence of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "case_files.h"
#include "evidence/evidence.h"
#include "format/json_read_case.h"
#include "format/json_write_report.h"
#include "judge/judge_inner.h"
#include "wire/name.h"

static unsigned faults, judged;
#define wrong(...) (faults++, print_error("" __VA_ARGS__), print_error("\n"))

/* ---------------------------------------------------------------- orders ----------------------------- */

/* One reversed order and SHUFFLES random ones; changed cases are tested with the first FEW of them. */
enum { REVERSED, SHUFFLES = 8, ORDERS = REVERSED + 1 + SHUFFLES, FEW = 3 };
static enum cause orders[ORDERS][CAUSE_COUNT];

/* Knuth's MMIX generator: random numbers that are the same on every machine. */
static size_t below(uint64_t *seed, size_t n)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*seed >> 33) % n;
}

static void make_orders(void)
{
    for (size_t i = 0; i < CAUSE_COUNT; i++)
        orders[REVERSED][i] = (enum cause)(CAUSE_COUNT - i);
    for (size_t o = REVERSED + 1; o < ORDERS; o++) {
        uint64_t seed = o;
        memcpy(orders[o], orders[REVERSED], sizeof orders[o]);
        for (size_t i = CAUSE_COUNT - 1; i > 0; i--) {
            size_t k = below(&seed, i + 1);
            enum cause c = orders[o][i];
            orders[o][i] = orders[o][k];
            orders[o][k] = c;
        }
    }
}

/* ---------------------------------------------------------------- reports ---------------------------- */

static char *shown(struct arena *a, const struct report *r)
{
    struct buf text = {0};
    json_write_report(&(struct json_out){.b = &text}, NULL, a, r, JSON_NO_EVIDENCE);
    char *ret = arena_strdup(a, text.p);
    assert_non_null(ret);
    buf_free(&text);
    return ret;
}

static bool has(const struct texts *t, const char *s)
{
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->v[i], s))
            return true;
    return false;
}

/* Compares the request tokens that were computed on the way, in any order. */
static bool same_tokens(const struct texts *a, const struct texts *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (!has(b, a->v[i]))
            return false;
    for (size_t i = 0; i < b->n; i++)
        if (!has(a, b->v[i]))
            return false;
    return true;
}

static void judge_in_orders(const char *what, size_t n, struct arena *a, const struct request *r,
                            const struct evidence *ev)
{
    struct report given, other;
    assert_int_equal(judge(r, ev, a, &given), 0);
    const char *want = shown(a, &given);
    for (size_t o = 0; o < n; o++) {
        assert_int_equal(judge_in_order(r, ev, a, orders[o], &other), 0);
        const char *got = shown(a, &other);
        if (strcmp(want, got) || !same_tokens(&given.tokens, &other.tokens))
            wrong("%s: in order %zu the report is another:\n%s\n%s", what, o, want, got);
        judged++;
    }
}

enum { LEFT_OUT = -1 };

/* Gives a fact the answer of another one, for its own name. */
static void say_the_same(struct arena *a, struct fact *f, const struct fact *other)
{
    f->http = other->http;
    f->dns = other->dns;
    struct rrs *answer = &f->dns.answer;
    struct rr *v = arena_array(a, answer->n, sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < answer->n; i++) {
        v[i] = answer->v[i];
        if (other->ask->kind == ASK_DNS && name_equal(v[i].owner, other->ask->qname))
            v[i].owner = f->ask->qname;
    }
    answer->v = v;
}

/* Copies the evidence with its n-th fact changed: left out, or with the answer of the fact that is `behind` places
 * after it. False where that fact is of another kind. */
static bool change(struct arena *a, const struct evidence *ev, size_t n, int behind, struct evidence *ret)
{
    const struct fact *other = behind == LEFT_OUT ? NULL : ev->facts[(n + (size_t)behind) % ev->n];
    if (other && other->ask->kind != ev->facts[n]->ask->kind)
        return false;
    evidence_init(ret, a, ev->n_asks);
    for (size_t i = 0; i < ev->n_asks; i++)
        assert_non_null(evidence_ask(ret, ev->asks[i], NULL));
    for (size_t i = 0; i < ev->n; i++) {
        struct fact *f = arena_alloc(a, sizeof *f);
        assert_non_null(f);
        *f = *ev->facts[i];
        f->ask = evidence_find(ret, ev->facts[i]->ask);
        if (i == n && other)
            say_the_same(a, f, other);
        if (i != n || other)
            assert_int_equal(evidence_add(ret, f), 0);
    }
    return true;
}

static void run_case(const char *file, const char *text)
{
    struct arena *a = arena_new(0);
    struct dcv_case *c = arena_alloc(a, sizeof *c);
    struct json_problem problem = {0};
    if (json_read_case(a, text, strlen(text), NULL, c, &problem))
        fail_msg("%s: %s", file, problem.text);
    judge_in_orders(file, ORDERS, a, &c->request, &c->evidence);
    for (size_t i = 0; i < c->evidence.n; i++)
        for (int behind = LEFT_OUT; behind <= 3; behind++) {
            struct arena *some = arena_new(0);
            struct evidence ev;
            char what[300];
            snprintf(what, sizeof what, "%s, fact %zu changed (%d)", file, i + 1, behind);
            if (behind && change(some, &c->evidence, i, behind, &ev))
                judge_in_orders(what, FEW, some, &c->request, &ev);
            arena_free(some);
        }
    arena_free(a);
}

static void any_order(void **state)
{
    (void)state;
    make_orders();
    each_case_file("", run_case);
    print_message("%u reports compared\n", judged);
    assert_true(judged > 0);
    assert_int_equal(faults, 0);
}

/* ---------------------------------------------------------------- rows ------------------------------- */

/* If the rows led from a cause back to itself, a report with that cause would lose it. */
static void no_circle(void **state)
{
    (void)state;
    static bool follows[CAUSE_COUNT + 1][CAUSE_COUNT + 1];
    static const enum cause rows[][2] = {
#define X(cause, consequence, when) {CAUSE_##cause, CAUSE_##consequence},
#include "model/consequences.def"
#undef X
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        if (follows[rows[r][0]][rows[r][1]])
            fail_msg("%s, %s: twice", cause_info(rows[r][0])->id, cause_info(rows[r][1])->id);
        follows[rows[r][0]][rows[r][1]] = true;
        if (!(cause_info(rows[r][0])->methods & cause_info(rows[r][1])->methods))
            fail_msg("%s, %s: no method looks for both", cause_info(rows[r][0])->id, cause_info(rows[r][1])->id);
    }
    for (size_t by = 1; by <= CAUSE_COUNT; by++)
        for (size_t from = 1; from <= CAUSE_COUNT; from++)
            for (size_t to = 1; to <= CAUSE_COUNT; to++)
                follows[from][to] = follows[from][to] || (follows[from][by] && follows[by][to]);
    for (size_t c = 1; c <= CAUSE_COUNT; c++)
        if (follows[c][c])
            fail_msg("%s follows from itself", cause_info((enum cause)c)->id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_order), cmocka_unit_test(no_circle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
