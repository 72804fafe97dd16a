#include "judge/domain.h"

#include "methods/methods.h"

#include <string.h>

const char *control_name(enum control c)
{
    static const char *const names[] = {
#define X(sym, text) [sym] = text,
        DCV_CONTROLS(X)
#undef X
    };
    return names[c];
}

struct domain_part domain_part_of(const struct report *r)
{
    enum method m = r->request->method;
    /* Where the name itself is refused nothing is looked for, and the report fails all the same. */
    return (struct domain_part){.method = m,
                                .verdict = r->verdict,
                                .trace = r->trace,
                                .given = r->request->methods_given,
                                .refused = r->request->name_code != CODE_NONE,
                                .tried = !method_rules(m)->takes || r->challenge != CHALLENGE_NONE ||
                                         r->verdict == VERDICT_FAIL};
}

static bool is_control(const struct domain_part *p)
{
    return p->method != METHOD_CAA;
}

/* The first tried part of control with that verdict. */
static size_t first_with(const struct domain_part *v, size_t n, enum verdict verdict)
{
    for (size_t i = 0; i < n; i++)
        if (is_control(&v[i]) && v[i].tried && v[i].verdict == verdict)
            return i;
    return DOMAIN_NONE;
}

/* The failing part of which most is to be seen; of several the first, and dns-txt-token before all others. DOMAIN_NONE:
 * none fails. */
static size_t nearest(const struct domain_part *v, size_t n)
{
    size_t best = DOMAIN_NONE;
    for (size_t i = 0; i < n; i++) {
        if (!is_control(&v[i]) || v[i].verdict != VERDICT_FAIL)
            continue;
        bool more = best == DOMAIN_NONE || v[i].trace > v[best].trace ||
                    (v[i].trace == v[best].trace && v[i].method == METHOD_DNS_TXT_TOKEN);
        best = more ? i : best;
    }
    return best;
}

static void set(struct domain_verdict *d, enum control control, size_t by)
{
    d->control = control;
    d->by = by;
}

static void judge_given(struct domain_verdict *d, const struct domain_part *v, size_t n)
{
    size_t fails = nearest(v, n), undecided = first_with(v, n, VERDICT_UNDECIDED),
           passes = first_with(v, n, VERDICT_PASS);
    bool untried = false;
    for (size_t i = 0; i < n; i++)
        untried = untried || (is_control(&v[i]) && !v[i].tried);
    if (fails != DOMAIN_NONE)
        set(d, CONTROL_FAIL, fails);
    else if (undecided != DOMAIN_NONE)
        set(d, CONTROL_UNDECIDED, undecided);
    else if (untried)
        set(d, CONTROL_NOT_CHECKED, DOMAIN_NONE);
    else
        set(d, CONTROL_PASS, passes);
}

/* All methods that the input allows were checked. */
static void judge_any(struct domain_verdict *d, const struct domain_part *v, size_t n)
{
    size_t fails = nearest(v, n), undecided = first_with(v, n, VERDICT_UNDECIDED),
           passes = first_with(v, n, VERDICT_PASS);
    bool traced = fails != DOMAIN_NONE && v[fails].trace != TRACE_NONE, valued = false;
    for (size_t i = 0; i < n; i++)
        valued = valued || (is_control(&v[i]) && v[i].tried && method_rules(v[i].method)->takes);
    if (passes != DOMAIN_NONE)
        set(d, CONTROL_PASS, passes);
    else if (traced)
        set(d, CONTROL_FAIL, fails);
    else if (undecided != DOMAIN_NONE)
        set(d, CONTROL_UNDECIDED, undecided);
    else if (fails != DOMAIN_NONE && valued)
        set(d, CONTROL_FAIL, fails);
    else
        set(d, CONTROL_NOT_CHECKED, DOMAIN_NONE);
}

static const char *because(struct arena *a, const struct domain_verdict *d, const struct domain_part *v, bool given,
                           size_t n)
{
    const char *method = d->by == DOMAIN_NONE ? "" : method_name(v[d->by].method);
    size_t controls = 0;
    for (size_t i = 0; i < n; i++)
        controls += is_control(&v[i]);
    switch (d->control) {
    case CONTROL_PASS:
        return given && controls > 1 ? arena_strdup(a, "All methods that were asked for pass.")
                                     : arena_printf(a, "Control is proven by %s.", method);
    case CONTROL_UNDECIDED:
        return arena_printf(a, "The check by %s came to no verdict.", method);
    case CONTROL_NOT_CHECKED:
        return arena_strdup(a, "No token was given.");
    case CONTROL_FAIL:
        break;
    }
    if (given)
        return arena_printf(a, "The check by %s fails%s.", method,
                            controls > 1 ? ", and all methods that were asked for must pass" : "");
    if (v[d->by].refused)
        return arena_strdup(a, "The name itself is refused, so no method can prove control of it.");
    if (controls == 1)
        return arena_printf(a, "The check by %s fails, and no other method was possible.", method);
    switch (v[d->by].trace) {
    case TRACE_NEAR:
        return arena_printf(a, "No method passes; the value of %s is there, with a mistake.", method);
    case TRACE_RECORD:
        return arena_printf(a, "No method passes; something stands where the value of %s belongs.", method);
    case TRACE_NONE:
        break;
    }
    return arena_printf(a, "No method passes, and of none anything is there; what to do is told for %s.", method);
}

struct domain_verdict domain_judge(struct arena *a, const struct domain_part *v, size_t n)
{
    struct domain_verdict d = {.by = DOMAIN_NONE, .caa = DOMAIN_NONE};
    bool given = n && v[0].given, control = false;
    for (size_t i = 0; i < n; i++) {
        control = control || is_control(&v[i]);
        if (!is_control(&v[i]))
            d.caa = i;
    }
    /* CAA alone is an answer only where it alone was asked for. */
    d.has_control = control || !given;
    if (given)
        judge_given(&d, v, n);
    else
        judge_any(&d, v, n);
    d.because = d.has_control ? because(a, &d, v, given, n) : NULL;
    enum verdict caa = d.caa == DOMAIN_NONE ? VERDICT_PASS : v[d.caa].verdict;
    bool passes = !d.has_control || d.control == CONTROL_PASS;
    if (caa == VERDICT_FAIL || (d.has_control && d.control == CONTROL_FAIL))
        d.verdict = VERDICT_FAIL;
    else
        d.verdict = passes ? caa : VERDICT_UNDECIDED;
    return d;
}

size_t domain_deciding(const struct domain_verdict *d, const struct domain_part *v)
{
    const size_t in_order[] = {d->has_control ? d->by : DOMAIN_NONE, d->caa};
    for (size_t i = 0; i < 2; i++)
        if (in_order[i] != DOMAIN_NONE && v[in_order[i]].verdict == d->verdict)
            return in_order[i];
    return DOMAIN_NONE;
}

bool domain_in_use(const struct domain_verdict *d, const struct domain_part *v, size_t i)
{
    return i == d->caa || i == d->by || v[i].given;
}

/* ---------------------------------------------------------------- among many ------------------------- */

static bool same_input(const struct report *x, const struct report *y)
{
    const char *one = x->request->input, *other = y->request->input;
    return one && other && !strcmp(one, other);
}

size_t domains_of(struct arena *a, const struct report *const *r, size_t n, struct domain **ret)
{
    struct domain_part *part = arena_array(a, n ? n : 1, sizeof *part);
    struct domain *v = arena_array(a, n ? n : 1, sizeof *v);
    size_t count = 0;
    if (!part || !v)
        return 0;
    for (size_t i = 0; i < n; i++)
        part[i] = domain_part_of(r[i]);
    for (size_t i = 0, end; i < n; i = end) {
        unsigned methods = METHOD_BIT(part[i].method);
        for (end = i + 1; end < n && same_input(r[i], r[end]) && !(methods & METHOD_BIT(part[end].method)); end++)
            methods |= METHOD_BIT(part[end].method);
        v[count++] = (struct domain){r + i, part + i, end - i, domain_judge(a, part + i, end - i)};
    }
    *ret = v;
    return arena_full(a) ? 0 : count;
}

enum verdict domains_worst(const struct domain *v, size_t n)
{
    enum verdict worst = VERDICT_PASS;
    for (size_t i = 0; i < n && worst != VERDICT_FAIL; i++)
        if (v[i].is.verdict != VERDICT_PASS)
            worst = v[i].is.verdict;
    return worst;
}
