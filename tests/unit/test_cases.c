/* Runs the checks of the case files in tests/cases with the real driver (run/check.c), over a fake network that answers
 * at once, in order, and in reverse order. A case file is what `dcvprobe check --save` writes, or a shorter one written
 * by hand. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence/evidence.h"
#include "format/json_read_case.h"
#include "ca/answer.h"
#include "format/json_read_report.h"
#include "format/json_write_report.h"
#include "judge/caa_explain.h"
#include "run/check.h"
#include "show/render.h"
#include "show/render_fix.h"
#include "wire/name.h"

#include <jansson.h>

/* Prints what is wrong with a case and goes on, so that one run shows all faults. */
static unsigned faults;
#define wrong(...) (faults++, print_error("" __VA_ARGS__), print_error("\n"))

enum order { AT_ONCE, IN_ORDER, REVERSED };
static const char *const order_names[] = {"at once", "in order", "reversed"};
enum { MOST_WAITING = 256 };

/* The fake network: knows the facts of one case, and answers nothing else. */
struct net {
    const struct dcv_case *c;
    enum order order;
    struct waiting {
        struct ask *ask;
        struct fact *fact;
        fact_fn *fn;
        void *user;
    } waiting[MOST_WAITING];
    size_t n;
    size_t asked;
    char missing[512]; /* the first question that the case has no answer to */
};

static int net_start(void *self, struct arena *a, struct ask *ask, fact_fn *fn, void *user, void **op)
{
    struct net *net = self;
    struct ask *known = evidence_find(&net->c->evidence, ask);
    struct fact *copy = arena_alloc(a, sizeof *copy);
    assert_non_null(copy);
    if (known && known->fact) {
        *copy = *known->fact;
        net->asked++;
    } else if (net->c->others_absent) {
        struct ask first = *ask;
        first.agent = NULL;
        known = ask->agent ? evidence_find(&net->c->evidence, &first) : NULL;
        if (known && known->fact) /* a server does not tell the CA's user agents apart unless the case says so */
            *copy = *known->fact;
        else if (ask->kind == ASK_HTTP)
            copy->http = (struct http_fact){.outcome = HTTP_RESPONSE, .status = 404};
        else
            copy->dns = (struct dns_fact){.outcome = DNS_NXDOMAIN, .rcode = 3, .flags = DNS_QR | DNS_RA};
    } else {
        net->asked++;
        if (!net->missing[0])
            snprintf(net->missing, sizeof net->missing, "%s type %u via %s%s%s%s",
                     ask->qname ? ask->qname : ask->url, ask->qtype, via_name(ask->via),
                     ask->tcp ? " tcp" : "", ask->cd ? " cd" : "", ask->server ? ask->server : "");
        copy->dns.outcome = DNS_TIMEOUT;
    }
    *op = NULL;
    if (net->order == AT_ONCE) {
        fn(user, ask, copy);
        return 0;
    }
    assert_true(net->n < MOST_WAITING);
    net->waiting[net->n] = (struct waiting){ask, copy, fn, user};
    *op = &net->waiting[net->n++];
    return 0;
}

static void net_cancel(void *self, void *op)
{
    (void)self;
    (void)op;
    fail();
}

static dcv_time net_now(void *self)
{
    return ((struct net *)self)->c->request.now;
}

static uint64_t net_monotonic(void *self)
{
    (void)self;
    return 0;
}

static struct report *the_report;

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    (void)c;
    assert_int_equal(err, 0);
    assert_null(the_report); /* done is called once */
    the_report = report;
    *(bool *)user = true;
}

static void deliver(struct net *net)
{
    struct waiting w = net->waiting[net->order == REVERSED ? net->n - 1 : 0];
    if (net->order == IN_ORDER)
        memmove(net->waiting, net->waiting + 1, (net->n - 1) * sizeof w);
    net->n--;
    w.fn(w.user, w.ask, w.fact);
}

static unsigned long produced[CAUSE_COUNT + 1], missed[CAUSE_COUNT + 1];
static unsigned long code_produced[CODE_COUNT + 1];

static bool has_cause(const struct report *r, const char *id)
{
    for (size_t i = 0; i < r->n_findings; i++)
        if (!strcmp(cause_info(r->findings[i].cause)->id, id))
            return true;
    return false;
}

static void compare(const char *file, const char *how, struct arena *a, const struct dcv_case *c,
                    const struct report *r)
{
    const struct expected *e = &c->expected;
    char *error = code_text(a, &r->error);
    if (r->verdict != e->verdict)
        wrong("%s (%s): verdict %s, expected %s (%s)", file, how, verdict_name(r->verdict),
              verdict_name(e->verdict), r->reason ? r->reason : error);
    if (e->has_errors && strcmp(error, e->error))
        wrong("%s (%s): code '%s', expected '%s'", file, how, error, e->error);
    const char *detail = r->detail_code ? code_info(r->detail_code)->code : "";
    if (e->has_detail && strcmp(detail, e->detail))
        wrong("%s (%s): detail code '%s', expected '%s'", file, how, detail, e->detail);
    if (e->has_findings)
        for (size_t i = 0; i < e->n_findings || i < r->n_findings; i++) {
            const char *want = i < e->n_findings ? e->findings[i].cause : "no more";
            const char *got = i < r->n_findings ? cause_info(r->findings[i].cause)->id : "no more";
            if (strcmp(want, got)) {
                wrong("%s (%s): finding %zu is %s, expected %s", file, how, i + 1, got, want);
                continue;
            }
            if (e->findings[i].weight && strcmp(e->findings[i].weight, weight_name(r->findings[i].weight)))
                wrong("%s (%s): finding %s weighs %s, expected %s", file, how, got,
                      weight_name(r->findings[i].weight), e->findings[i].weight);
            const char *who = e->findings[i].who_acts, *acts = actor_name(r->findings[i].who_acts);
            if (who && strcmp(who, acts) != 0)
                wrong("%s (%s): on finding %s %s acts, expected %s", file, how, got, acts, who);
            if (e->findings[i].summary && strcmp(e->findings[i].summary, r->findings[i].summary))
                wrong("%s (%s): finding %s says\n  %s\nexpected\n  %s", file, how, got,
                      r->findings[i].summary, e->findings[i].summary);
        }
    if (e->has_remark != (r->remark != NULL) || (e->remark && strcmp(e->remark, r->remark) != 0))
        wrong("%s (%s): remark '%s'", file, how, r->remark ? r->remark : "none");
    if (e->has_trace && e->trace != r->trace)
        wrong("%s (%s): trace %s, expected %s", file, how, trace_name(r->trace), trace_name(e->trace));
    if (e->br_may_permit != -2 && e->br_may_permit != r->br_may_permit)
        wrong("%s (%s): br_may_permit %d, expected %d", file, how, r->br_may_permit, e->br_may_permit);
    struct answer w = {0};
    if (e->has_answer && (answer_of(c->request.profile, r->error.code, c->request.method, &w) != !!e->call ||
                          (e->call && strcmp(e->call, w.call) != 0) || w.order_status != e->order_status))
        wrong("%s (%s): the call is %s, and the order's check gives %d", file, how, w.call ? w.call : "none",
              w.order_status);
    for (size_t i = 0; i < e->not_findings.n; i++)
        if (has_cause(r, e->not_findings.v[i]))
            wrong("%s (%s): finding %s must not be there", file, how, e->not_findings.v[i]);
}

static bool sentence(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    return n > 10 && s[n - 1] == '.';
}

/* The derivation of a CAA verdict agrees with the verdict, and gives a reason for every level and record. */
static void derivation(const char *file, const struct report *r)
{
    const struct caa_derivation *d = r->caa;
    size_t last = 0, n[CAA_EFFECT_COUNT] = {0};
    if (!d) {
        /* Where the top-level domain is not there, or may not be, no CAA record was looked for. */
        if (r->request->method == METHOD_CAA && !r->request->name_code && !r->request->top)
            wrong("%s: no derivation", file);
        return;
    }
    for (size_t i = 0; i < d->n_climb; i++) {
        const struct caa_step *s = &d->climb[i];
        last = s->reached ? i : last;
        if (!sentence(s->because) || (i && s->reached && !s[-1].reached))
            wrong("%s: level %s: %s", file, s->name, s->because);
        if ((s->found == CAA_FOUND_PENDING) != !s->n_facts)
            wrong("%s: level %s has %zu facts", file, s->name, s->n_facts);
        if (s->reached && i + 1 < d->n_climb &&
            (s->found == CAA_FOUND_RECORDS || s->found == CAA_FOUND_FAILED) && s[1].reached)
            wrong("%s: the search goes on past %s", file, s->name);
    }
    if (d->relevant && d->relevant != &d->climb[last])
        wrong("%s: the search does not end at the set that decides", file);
    if (!d->relevant != !d->n_records)
        wrong("%s: %zu records without a set", file, d->n_records);
    for (size_t i = 0; i < d->n_records; i++) {
        const struct caa_line *l = &d->records[i];
        n[l->effect]++;
        if (!sentence(l->because))
            wrong("%s: record %zu: %s", file, i + 1, l->because);
        if (l->effect == CAA_MALFORMED && l->record->error_at > l->record->value.n)
            wrong("%s: record %zu: broken at byte %zu, past its end", file, i + 1, l->record->error_at);
    }
    bool permits = !n[CAA_FORBIDS] && (!d->property || n[CAA_PERMITS]);
    enum caa_found end = d->climb[last].found;
    enum verdict due = end == CAA_FOUND_PENDING              ? VERDICT_UNDECIDED
                       : end == CAA_FOUND_FAILED             ? VERDICT_FAIL
                       : end != CAA_FOUND_RECORDS || permits ? VERDICT_PASS
                       : !n[CAA_FORBIDS] && n[CAA_OPEN]      ? VERDICT_UNDECIDED
                                                             : VERDICT_FAIL;
    if (r->verdict != due &&
        !(due == VERDICT_FAIL && r->verdict == VERDICT_UNDECIDED && end == CAA_FOUND_FAILED))
        wrong("%s: the derivation leads to %s, and the verdict is %s", file, verdict_name(due),
              verdict_name(r->verdict));
    if ((r->verdict == VERDICT_FAIL && end == CAA_FOUND_FAILED) != !!d->may_because ||
        (d->may_because && !sentence(d->may_because)))
        wrong("%s: why br_may_permit is %d: %s", file, r->br_may_permit,
              d->may_because ? d->may_because : "not said");
}

enum { SAME_MOST = 36 }; /* bytes with which two sentences about one record may begin alike */

/* What must hold of every report. */
static void invariants(const char *file, const struct report *r)
{
    derivation(file, r);
    if (r->verdict == VERDICT_FAIL && !r->n_findings)
        wrong("%s: a failing report without a finding", file);
    for (size_t i = 0; r->reason && i < r->n_findings; i++) /* both are shown, one below the other */
        if (!strncmp(r->reason, r->findings[i].summary, SAME_MOST))
            wrong("%s: the reason and finding %s begin alike: %s", file, cause_info(r->findings[i].cause)->id,
                  r->reason);
    if (r->verdict == VERDICT_UNDECIDED && !r->reason && !r->n_findings)
        wrong("%s: an undecided report that does not say what is missing", file);
    if ((r->verdict == VERDICT_FAIL) != (r->error.code != CODE_NONE))
        wrong("%s: the error code does not fit the verdict", file);
    for (size_t i = 0; i < r->n_findings; i++) {
        const struct finding *f = &r->findings[i];
        if (r->verdict != VERDICT_FAIL && f->weight == WEIGHT_BLOCKING)
            wrong("%s: blocking finding %s on a report that does not fail", file, cause_info(f->cause)->id);
        if (strchr(f->summary, '{'))
            wrong("%s: unfilled place in: %s", file, f->summary);
        if (!f->n_cures || !f->cures->n)
            wrong("%s: finding %s without a cure", file, cause_info(f->cause)->id);
        for (size_t k = 0; k < f->n_cures; k++)
            if (!f->cures[k].proven && !f->cures[k].breaks.n && !sentence(f->cures[k].note))
                wrong("%s: finding %s has a cure that is not proven and does not say why", file,
                      cause_info(f->cause)->id);
        /* Nobody is sent to the zone for a file or another request, or for a record to whoever keeps none. */
        const enum fix_op op = f->n_fixes ? f->fixes[0].op : FIX_ADVICE;
        const enum actor who = f->who_acts;
        if (!actor_name(who) || (who == ACTOR_ZONE_OWNER && (op == FIX_PUT_FILE || op == FIX_INPUT)) ||
            ((who == ACTOR_WEB_HOST || who == ACTOR_CA || who == ACTOR_NETWORK) &&
             (op == FIX_ADD || op == FIX_REMOVE || op == FIX_REPLACE)))
            wrong("%s: on finding %s %s acts, and the cure begins with %s", file, cause_info(f->cause)->id,
                  actor_name(f->who_acts) ? actor_name(f->who_acts) : "nobody", fix_op_name(op));
        for (size_t k = 0; k < f->n_facts; k++)
            if (!f->facts[k] || f->facts[k] > r->evidence->n)
                wrong("%s: finding %s refers to fact %u, which is not there", file, cause_info(f->cause)->id,
                      f->facts[k]);
    }
}

/* A report read back from the store is shown by the API as the report itself is. */
static void stored(const char *file, struct arena *a, const struct report *r, const char *shown)
{
    struct buf report = {0}, terse = {0}, again = {0};
    json_write_report(&(struct json_out){.b = &report}, NULL, a, r, JSON_NO_EVIDENCE | JSON_NO_CAA | JSON_NO_PATH);
    json_write_case(&(struct json_out){.b = &terse}, a, r, JSON_NO_REPORT | JSON_TERSE);
    const struct stored s = {report.p, report.n, terse.p, terse.n};
    assert_int_equal(json_write_stored(&(struct json_out){.b = &again}, NULL, a, NULL, &s), 0);
    if (strcmp(shown, again.p))
        wrong("%s: after storing it is shown differently:\n%s\n%s\n%s", file, shown, again.p, terse.p);
    if (r->evidence->n && report.n + terse.n >= again.n)
        wrong("%s: stored it takes %zu bytes, more than the %zu shown", file, report.n + terse.n, again.n);
    buf_free(&report);
    buf_free(&terse);
    buf_free(&again);
}

/* The same for a report in the longer form that stores of earlier versions hold. */
static void stored_whole(const char *file, struct arena *a, const struct report *r, const char *shown)
{
    struct buf report = {0}, whole = {0}, again = {0};
    json_write_report(&(struct json_out){.b = &report}, NULL, a, r, JSON_NO_EVIDENCE);
    json_write_case(&(struct json_out){.b = &whole}, a, r, JSON_NO_REPORT);
    const struct stored s = {report.p, report.n, whole.p, whole.n};
    assert_int_equal(json_write_stored(&(struct json_out){.b = &again}, NULL, a, NULL, &s), 0);
    json_t *one = json_loads(shown, JSON_REJECT_DUPLICATES, NULL),
           *other = json_loads(again.p, JSON_REJECT_DUPLICATES, NULL);
    if (!one || !json_equal(one, other))
        wrong("%s: after storing in the longer form it is shown differently:\n%s\n%s", file, shown, again.p);
    json_decref(one);
    json_decref(other);
    buf_free(&report);
    buf_free(&whole);
    buf_free(&again);
}

/* A report that was written and read back is shown and written again as before. */
static void read_back(const char *file, struct arena *a, const struct report *r)
{
    struct json_problem problem = {0};
    struct report again;
    struct buf text = {0};
    json_write_shown(&(struct json_out){.b = &text}, NULL, a, r);
    stored(file, a, r, text.p);
    stored_whole(file, a, r, text.p);
    int rc = json_read_report(a, text.p, text.n, NULL, &again, &problem);
    buf_free(&text);
    if (rc) {
        wrong("%s: its report cannot be read back: %s", file, problem.text ? problem.text : "");
        return;
    }
    const struct report *two[] = {r, &again};
    struct buf json[2] = {0}, shown[2] = {0};
    for (size_t i = 0; i < 2; i++) {
        struct json_out j = {.b = &json[i]};
        struct render how = {.verbose = true};
        json_write_report(&j, NULL, a, two[i], 0);
        render_report(&shown[i], a, two[i], &how);
        render_nsupdate(&shown[i], a, &two[i], 1);
    }
    if (strcmp(json[0].p, json[1].p) || strcmp(shown[0].p, shown[1].p))
        wrong("%s: read back, the report is another:\n%s\n%s\n%s\n%s", file, json[0].p, json[1].p, shown[0].p,
              shown[1].p);
    for (size_t i = 0; i < 2; i++) {
        buf_free(&json[i]);
        buf_free(&shown[i]);
    }
}

static char *load(const char *path, size_t *len)
{
    static char text[1 << 20];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    *len = fread(text, 1, sizeof text, f);
    fclose(f);
    return text;
}

static void count(const struct dcv_case *c, const struct report *r)
{
    for (size_t i = 0; i < r->n_findings; i++)
        produced[r->findings[i].cause]++;
    for (size_t i = 0; i < c->expected.not_findings.n; i++) {
        enum cause cause = cause_find(c->expected.not_findings.v[i]);
        assert_int_not_equal(cause, CAUSE_NONE);
        missed[cause]++;
    }
    code_produced[r->error.code]++;
    if (r->detail_code != r->error.code)
        code_produced[r->detail_code]++;
}

/* At depth quick the search for the CAA set takes one question for each level, and at most three more after a failure;
 * repetitions over TCP are not counted. A sparing check stops at the level with the set. */
static void few_questions(const char *file, const char *how, const struct report *r)
{
    const struct request *q = r->request;
    if (q->method != METHOD_CAA || q->depth != DEPTH_QUICK || !q->adn)
        return;
    const struct caa_derivation *d = r->caa;
    bool at_once = q->sparing && d && d->n_climb && d->relevant == &d->climb[0];
    size_t most = at_once ? 1 : name_labels(q->adn) + 3, asked = 0;
    for (size_t i = 0; i < r->evidence->n_asks; i++)
        asked += !r->evidence->asks[i]->tcp && r->evidence->asks[i]->via == VIA_RESOLVER;
    if (asked > most)
        wrong("%s (%s): %zu questions asked, at most %zu expected", file, how, asked, most);
}

/* Whether a sparing check found the file in its first answer over http: then it asks nothing over https. */
static bool http_decides(const struct report *r)
{
    const struct evidence *ev = r->evidence;
    size_t i = 0;
    while (i < ev->n && ev->facts[i]->ask->kind != ASK_HTTP)
        i++;
    if (!r->request->sparing || !method_is_file(r->request->method) || i == ev->n || r->verdict != VERDICT_PASS)
        return false;
    const struct fact *first = ev->facts[i];
    return !strncmp(first->ask->url, "http:", 5) && first->http.status >= 200 && first->http.status < 300;
}

/* What such a check is expected to report: a remark, and no finding that only https can show. */
static struct dcv_case without_https(struct arena *a, const struct dcv_case *c)
{
    struct dcv_case ret = *c;
    struct expected *e = &ret.expected;
    e->has_remark = true;
    e->remark = NULL;
    e->findings = arena_array(a, e->n_findings, sizeof *e->findings);
    e->n_findings = 0;
    for (size_t i = 0; i < c->expected.n_findings; i++)
        if (strncmp(c->expected.findings[i].cause, "file-tls-", 9) != 0)
            e->findings[e->n_findings++] = c->expected.findings[i];
    return ret;
}

/* A sparing check may leave out questions that can no longer matter. Any other check asks all that the case answers. */
static void all_asked(const char *file, const char *how, const struct net *net, const struct report *r)
{
    size_t answers = net->c->evidence.n, https = 0;
    for (size_t i = 0; i < r->evidence->n_asks; i++)
        https += r->evidence->asks[i]->url && !strncmp(r->evidence->asks[i]->url, "https:", 6);
    bool fewer = http_decides(r) || (r->request->sparing && r->request->method == METHOD_CAA);
    if (fewer ? net->asked > answers : net->asked != answers)
        wrong("%s (%s): %zu questions of the case asked, and it answers %zu", file, how, net->asked, answers);
    if (http_decides(r) && https)
        wrong("%s (%s): %zu questions over https after http had decided", file, how, https);
}

/* One run of a check over the fake network. */
static void drive(const char *file, const char *how, const struct dcv_case *c, const struct request *request,
                  enum order order)
{
    struct net net = {.c = c, .order = order};
    struct observer all = {&net, net_start, net_cancel};
    struct observers obs = {
        .dns = all, .http = all, .clock_self = &net, .now = net_now, .monotonic = net_monotonic};
    struct arena *a = arena_new(4 << 20);
    bool done = false;
    the_report = NULL;
    assert_int_equal(check_start(&obs, a, request, on_done, &done, NULL), 0);
    while (net.n)
        deliver(&net);
    assert_true(done);
    if (net.missing[0])
        wrong("%s (%s): the case has no answer to %s", file, how, net.missing);
    all_asked(file, how, &net, the_report);
    struct dcv_case spared = without_https(a, c);
    compare(file, how, a, http_decides(the_report) ? &spared : c, the_report);
    invariants(file, the_report);
    few_questions(file, how, the_report);
    arena_free(a);
}

static void run_case(const char *path, const char *file)
{
    size_t len;
    char *text = load(path, &len);
    struct arena *a = arena_new(0);
    struct dcv_case *c = arena_alloc(a, sizeof *c);
    struct json_problem problem = {0};
    if (json_read_case(a, text, len, NULL, c, &problem)) {
        wrong("%s: %s", file, problem.text);
        arena_free(a);
        return;
    }
    if (!c->expected.has_verdict)
        wrong("%s: the case does not say what verdict it expects", file);
    struct report direct;
    assert_int_equal(judge(&c->request, &c->evidence, a, &direct), 0);
    compare(file, "replayed", a, c, &direct);
    invariants(file, &direct);
    read_back(file, a, &direct);
    count(c, &direct);
    for (enum order o = AT_ONCE; o <= REVERSED; o++)
        drive(file, order_names[o], c, &c->request, o);
    if (c->request.depth == DEPTH_QUICK) { /* a sparing check gives the same report */
        struct request sparing = c->request;
        sparing.sparing = true;
        drive(file, "sparing", c, &sparing, IN_ORDER);
    }
    arena_free(a);
}

static void test_cases(void **state)
{
    (void)state;
    struct dirent **names;
    const char *dir = getenv("CASES");
    assert_non_null(dir);
    int n = scandir(dir, &names, NULL, alphasort), ran = 0;
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        char path[4096];
        const char *dot = strrchr(names[i]->d_name, '.');
        if (dot && !strcmp(dot, ".case")) {
            snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
            run_case(path, names[i]->d_name);
            ran++;
        }
        free(names[i]);
    }
    free(names);
    print_message("%d cases, each replayed and in three orders\n", ran);
    assert_true(ran > 0);
    assert_int_equal(faults, 0);
}

/* Every cause has a case that produces it, and a similar one that says that it must not be found. Every code that a
 * check can give has a case that produces it. */
static void test_coverage(void **state)
{
    (void)state;
    int lacking = 0;
    for (int c = 1; c <= CAUSE_COUNT; c++) {
        if (!produced[c])
            print_message("no case produces the cause %s\n", cause_info((enum cause)c)->id);
        if (!missed[c])
            print_message("no case is a near miss of the cause %s\n", cause_info((enum cause)c)->id);
        lacking += !produced[c] || !missed[c];
    }
    for (int c = 1; c <= CODE_COUNT; c++) {
        const struct code_info *info = code_info((enum code)c);
        bool by_check = info->class == CLASS_PROBE || c == CODE_domain_locked || c == CODE_invalid_cname_whitelist ||
                        c == CODE_invalid_cname_validation || c == CODE_dns_invalid_domain ||
                        c == CODE_internal_names_not_allowed || c == CODE_invalid_wildcard_dcv_method;
        if (!by_check || code_produced[c])
            continue;
        print_message("no case produces the code %s\n", info->code);
        lacking++;
    }
    assert_int_equal(lacking, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_coverage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
