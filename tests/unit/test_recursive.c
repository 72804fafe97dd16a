/* The recursive observer with a root server that does not exist (127.53.53.53). The lab tests it with real servers. */
#include "observe/recursive_inner.h"
#include "observe/slice.h"
#include "wire/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Called by ThreadSanitizer where it is used: reports about threads within libunbound are suppressed, because that
 * library is not instrumented and a report about it says nothing about dcvd. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race_top:libunbound.so\n";
}

#define DS ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
#define HINTS ". 3600000 NS a.root.\na.root. 3600000 A 127.53.53.53\n"

enum { PATIENT = 20000, HASTY = 150 };

/* One observer; each test has its own. */
struct fixture {
    uv_loop_t loop;
    struct arena *arena;
    struct recursive *recursive;
    struct observer obs;
    char dir[32];
    struct recursive_config cfg;
    unsigned calls, facts; /* calls of fact_fn, and those of them with a fact */
    uint64_t busy_ns;      /* how long each call takes */
    bool closed;
};

static const char *file(struct arena *a, const char *dir, const char *name, const char *text)
{
    char *path = arena_printf(a, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return path;
}

static void fixture_start(struct fixture *m, bool open_root, uint32_t timeout_ms, uint32_t age_ms)
{
    static const char *const open[] = {"127.53.53.53"};
    struct recursive_fault fault;
    struct guard *guard;
    const char *bad;

    *m = (struct fixture){.arena = arena_new(0), .dir = "/tmp/test_recursive.XXXXXX"};
    assert_non_null(mkdtemp(m->dir));
    assert_int_equal(guard_new(m->arena, open, open_root, &guard, &bad), 0);
    uv_loop_init(&m->loop);
    m->cfg = (struct recursive_config){.trust_anchor = file(m->arena, m->dir, "key", DS),
                                       .root_hints = file(m->arena, m->dir, "hints", HINTS),
                                       .timeout_ms = timeout_ms,
                                       .age_ms = age_ms,
                                       .guard = guard};
    assert_int_equal(recursive_new(&m->loop, m->arena, &m->cfg, &m->recursive, &fault), 0);
    recursive_observer(m->recursive, &m->obs);
}

static void on_closed(void *user)
{
    ((struct fixture *)user)->closed = true;
}

static void fixture_stop(struct fixture *m)
{
    recursive_close(m->recursive, on_closed, m);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    assert_true(m->closed);
    assert_int_equal(uv_loop_close(&m->loop), 0);
    assert_int_equal(unlink(m->cfg.trust_anchor) | unlink(m->cfg.root_hints) | rmdir(m->dir), 0);
    arena_free(m->arena);
}

struct one {
    struct fixture *m;
    struct ask ask;
    struct fact *fact;
    void *op;
    unsigned calls;
    struct one *cancels; /* its callback cancels that one */
};

static void on_fact(void *user, struct ask *ask, struct fact *fact)
{
    struct one *o = user;

    assert_ptr_equal(ask, &o->ask);
    o->calls++;
    o->m->calls++;
    o->m->facts += fact != NULL;
    o->fact = fact;
    for (uint64_t began = uv_hrtime(); uv_hrtime() - began < o->m->busy_ns;)
        ;
    if (o->cancels && o->cancels->calls == 0)
        o->m->obs.cancel(o->m->obs.self, o->cancels->op);
}

static void put(struct fixture *m, struct one *o, const char *qname)
{
    o->m = m;
    o->ask = (struct ask){.kind = ASK_DNS, .via = VIA_RESOLVER, .qname = qname, .qtype = RR_A};
    assert_int_equal(m->obs.start(m->obs.self, m->arena, &o->ask, on_fact, o, &o->op), 0);
}

static void run_until(struct fixture *m, unsigned calls)
{
    while (m->calls < calls)
        uv_run(&m->loop, UV_RUN_ONCE);
}

static void a_deadline_of_our_own(void **state)
{
    struct fixture m;
    struct one o = {0};

    (void)state;
    fixture_start(&m, true, HASTY, 0);
    put(&m, &o, "www.example.com.");
    run_until(&m, 1);
    assert_int_equal(o.fact->dns.outcome, DNS_TIMEOUT);
    assert_true(o.fact->us >= (HASTY - 2) * 1000);
    assert_string_equal(o.fact->dns.server, "recursive");
    fixture_stop(&m);
    assert_int_equal(o.calls, 1);
}

static void forbidden_name_servers_are_not_asked(void **state)
{
    struct fixture m;
    struct one o = {0};

    (void)state;
    fixture_start(&m, false, PATIENT, 0);
    put(&m, &o, "www.example.com.");
    run_until(&m, 1);
    assert_int_equal(o.fact->dns.outcome, DNS_SERVFAIL); /* it comes at once, because no server can be asked */
    assert_true(o.fact->us < PATIENT * 500);
    fixture_stop(&m);
}

/* More questions than one context takes, so that some wait. Some are cancelled directly, some from a callback, and the
 * rest when the observer is closed; each callback comes once. AddressSanitizer finds leaks. */
static void all_end_once_whatever_is_cancelled(void **state)
{
    enum { N = 700 };
    struct fixture m;
    struct one *o = calloc(N, sizeof(*o));

    (void)state;
    fixture_start(&m, true, PATIENT, 0);
    for (unsigned i = 0; i < N; i++)
        put(&m, &o[i], arena_printf(m.arena, "www.example%u.com.", i));
    for (unsigned i = 0; i < 50; i++)
        uv_run(&m.loop, UV_RUN_NOWAIT);
    assert_int_equal(m.calls, 0);
    o[1].cancels = &o[N - 1];
    o[N - 1].cancels = &o[2];
    for (unsigned i = 0; i < N; i += 3)
        m.obs.cancel(m.obs.self, o[i].op);
    m.obs.cancel(m.obs.self, o[1].op);
    assert_int_equal(o[2].calls, 1);
    uv_run(&m.loop, UV_RUN_NOWAIT);
    for (unsigned i = 0; i < N; i++)
        if (o[i].calls == 0)
            m.obs.cancel(m.obs.self, o[i].op);
    fixture_stop(&m);
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(o[i].calls, 1);
    assert_int_equal(m.facts, 0);
    free(o);
}

/* Questions that one context cannot take go to another one or wait; they time out like the others. */
static void what_waits_is_asked_in_its_turn(void **state)
{
    enum { N = 600 };
    struct fixture m;
    struct one *o = calloc(N, sizeof(*o));
    struct recursive_counters counters;

    (void)state;
    fixture_start(&m, true, HASTY, 0);
    for (unsigned i = 0; i < N; i++)
        put(&m, &o[i], arena_printf(m.arena, "www.example%u.com.", i));
    run_until(&m, N);
    recursive_counters(m.recursive, &counters);
    assert_int_equal(counters.timeouts, N);
    assert_int_equal(counters.contexts, 2);
    assert_int_equal(m.facts, N);
    fixture_stop(&m);
    free(o);
}

/* All questions time out at the same moment, and each callback takes a whole slice: so each handle calls one. */
static void callbacks_leave_time_for_the_rest_of_the_loop(void **state)
{
    enum { N = 30, HANDLES = 3 }; /* one iteration runs the timer, the idle handle and the poll handle */
    struct fixture m;
    struct one o[N] = {0};
    unsigned most = 0;

    (void)state;
    fixture_start(&m, true, HASTY, 0);
    m.busy_ns = SLICE_NS;
    for (unsigned i = 0; i < N; i++)
        put(&m, &o[i], arena_printf(m.arena, "www.example%u.com.", i));
    while (m.calls < N) {
        unsigned before = m.calls;
        uv_run(&m.loop, UV_RUN_ONCE);
        if (m.calls - before > most)
            most = m.calls - before;
    }
    fixture_stop(&m);
    print_message("%u of %d callbacks in one iteration\n", most, N);
    assert_true(most <= HANDLES + 1); /* UV_RUN_ONCE runs the timer again after it has waited */
}

static void an_old_cache_is_left_behind(void **state)
{
    enum { AGE = 60, N = 40 };
    struct fixture m;
    struct one slow = {0}, o[N] = {0};
    struct recursive_counters counters;

    (void)state;
    fixture_start(&m, true, 10 * AGE, AGE);
    put(&m, &slow, "www.example.com."); /* takes longer than a context is used */
    for (unsigned i = 0; i < N; i++) {
        put(&m, &o[i], "localhost."); /* answered without a query to any server */
        while (o[i].calls == 0)
            uv_run(&m.loop, UV_RUN_ONCE);
        assert_int_equal(o[i].fact->dns.outcome, DNS_ANSWER);
        usleep(10000);
    }
    while (slow.calls == 0)
        uv_run(&m.loop, UV_RUN_ONCE);
    assert_int_equal(slow.fact->dns.outcome, DNS_TIMEOUT);
    recursive_counters(m.recursive, &counters);
    print_message("%u contexts\n", (unsigned)counters.contexts);
    assert_true(counters.contexts >= 3);
    fixture_stop(&m);
}

static void others_are_not_its_business(void **state)
{
    struct fixture m;
    struct ask ask = {
        .kind = ASK_DNS, .via = VIA_AUTHORITATIVE, .qname = "a.", .qtype = RR_A, .server = "192.0.2.1:53"};
    struct ask broken = {.kind = ASK_DNS, .via = VIA_RESOLVER, .qname = "a..b.", .qtype = RR_A};
    void *op;

    (void)state;
    fixture_start(&m, true, HASTY, 0);
    assert_int_equal(m.obs.start(m.obs.self, m.arena, &ask, on_fact, NULL, &op), -ENOTSUP);
    assert_int_equal(m.obs.start(m.obs.self, m.arena, &broken, on_fact, NULL, &op), -EINVAL);
    fixture_stop(&m);
}

/* ---------------------------------------------------------------- results ---------------------------- */

/* An answer to a.b. TXT: one TXT record and its signature, as libunbound hands them over. */
static size_t signed_answer(uint8_t *p)
{
    static const uint8_t header[] = {0, 0, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0},
                         question[] = {1, 'a', 1, 'b', 0, 0, 16, 0, 1},
                         txt[] = {0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 2, 1, 'x'},
                         rrsig[] = {0xc0, 12, 0,  46, 0, 1, 0, 0,  0, 60, 0, 22, 0, 16, 13,  2, 0,
                                    0,    0,  60, 80, 0, 0, 0, 60, 0, 0,  0, 0,  1, 1,  'b', 0, 1};
    uint8_t *at = p;

    at = mempcpy(at, header, sizeof(header));
    at = mempcpy(at, question, sizeof(question));
    at = mempcpy(at, txt, sizeof(txt));
    at = mempcpy(at, rrsig, sizeof(rrsig));
    return (size_t)(at - p);
}

static struct dns_fact fact_of(struct arena *a, struct ask ask, struct ub_result result)
{
    uint8_t msg[512];
    struct dns_fact f = {0};

    ask.kind = ASK_DNS;
    ask.qname = "a.b.";
    ask.qtype = RR_TXT;
    result.answer_packet = msg;
    result.answer_len = (int)signed_answer(msg);
    assert_int_equal(recursive_answer(a, &ask, &result, &f), 0);
    assert_int_equal(f.n_defects, 0);
    return f;
}

static void results_become_what_a_resolver_would_say(void **state)
{
    struct arena *a = arena_new(0);
    char why[] = "validation failure <a.b. TXT IN>: signature expired from 192.0.2.1";
    struct ub_result bogus = {.bogus = 1, .why_bogus = why};

    (void)state;
    struct dns_fact f = fact_of(a, (struct ask){0}, (struct ub_result){0});
    assert_int_equal(f.outcome, DNS_ANSWER);
    assert_int_equal(f.answer.n, 1); /* signatures were not asked for */
    assert_int_equal(f.flags, DNS_QR | DNS_RD | DNS_RA);
    f = fact_of(a, (struct ask){.dnssec = true}, (struct ub_result){.secure = 1});
    assert_int_equal(f.answer.n, 2);
    assert_int_equal(f.flags, DNS_QR | DNS_RD | DNS_RA | DNS_AD);
    f = fact_of(a, (struct ask){0}, bogus);
    assert_int_equal(f.outcome, DNS_SERVFAIL);
    assert_int_equal(f.rcode, 2);
    assert_int_equal(f.answer.n, 0);
    assert_int_equal(f.n_ede, 1);
    assert_int_equal(f.ede[0].code, 7);
    assert_string_equal(f.ede[0].text, "signature expired from 192.0.2.1");
    f = fact_of(a, (struct ask){.cd = true}, bogus);
    assert_int_equal(f.outcome, DNS_ANSWER);
    assert_int_equal(f.answer.n, 1);
    assert_int_equal(f.n_ede, 0);
    assert_int_equal(f.flags, DNS_QR | DNS_RD | DNS_RA | DNS_CD);
    arena_free(a);
}

static void reasons_have_codes(void **state)
{
    static const struct {
        const char *why;
        uint16_t code;
    } rows[] = {
        /* messages of libunbound 1.17 */
        {"validation failure <a. TXT IN>: signature crypto failed from 192.0.2.1", 6},
        {"validation failure <a. TXT IN>: signature expired from 192.0.2.1 for key a. while building chain "
         "of trust",
         7},
        {"validation failure <a. TXT IN>: signature before inception date from 192.0.2.1", 8},
        {"validation failure <a. TXT IN>: No DNSKEY record from 192.0.2.1 for key a. while building chain of "
         "trust",
         9},
        {"validation failure <a. TXT IN>: DS hash mismatches key from 192.0.2.1 for key a.", 9},
        {"validation failure <a. TXT IN>: no signatures from 192.0.2.1", 10},
        {"validation failure <a. TXT IN>: no NSEC3 records from 192.0.2.1 for DS a. while building chain of "
         "trust",
         12},
        /* the words in a name do not count */
        {"validation failure <nsec.no-signatures.com. TXT IN>: signature crypto failed from 192.0.2.1", 6},
        {"validation failure <a. TXT IN>: signature crypto failed from 192.0.2.1 for key nsec.com.", 6},
        {"validation failure <a. TXT IN>: key for validation nsec.com. is marked as invalid because of a "
         "previous "
         "validation failure <a. TXT IN>: signature expired from 192.0.2.1",
         7},
        {"", 6},
    };
    struct arena *a = arena_new(0);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *why = arena_strdup(a, rows[i].why);
        struct dns_fact f = fact_of(a, (struct ask){0}, (struct ub_result){.bogus = 1, .why_bogus = why});
        print_message("%s\n", why);
        assert_int_equal(f.ede[0].code, rows[i].code);
    }
    arena_free(a);
}

/* ---------------------------------------------------------------- files ------------------------------ */

static void anchors_are_the_roots(void **state)
{
    static const struct {
        const char *text, *why; /* why: a part of the error; NULL where the text is accepted */
        size_t n;
    } rows[] = {
        {DS, NULL, 1},
        {"; comment\n\n.\t172800\tIN\tDNSKEY 257 3 13 AAAA BBBB ; keytag\r\n" DS, NULL, 2},
        {"", "holds no DS", 0},
        {"; nothing\n", "holds no DS", 0},
        {DS "com. IN DS 1 13 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n", "line 2",
         0},
        {". IN NS a.root-servers.net.\n", "line 1", 0},
        {"\n. IN DS 20326 8 2 zz\n", "line 2", 0},
        {"trust-anchors {\n", "line 1", 0},
        {". IN DNSKEY (\n257 3 8 AAAA )\n", "line 1", 0},
    };
    struct arena *a = arena_new(0);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct texts anchors = {0};
        const char *why = NULL;
        int r = recursive_anchors(a, rows[i].text, &anchors, &why);
        print_message("%s: %s\n", rows[i].text, r ? why : "good");
        assert_int_equal(r, rows[i].why ? -EINVAL : 0);
        if (r)
            assert_non_null(strstr(why, rows[i].why));
        else
            assert_int_equal(anchors.n, rows[i].n);
    }
    const char *why;
    assert_int_equal(recursive_hints(a, HINTS, &why), 0);
    assert_int_equal(recursive_hints(a, ". 3600000 NS a.root-servers.net.\n", &why), -EINVAL);
    assert_int_equal(recursive_hints(a, "<html>\n", &why), -EINVAL);
    arena_free(a);
}

static void the_file_at_fault_is_named(void **state)
{
    char dir[] = "/tmp/test_recursive.XXXXXX";
    struct arena *a = arena_new(0);
    struct recursive_fault fault;
    struct texts anchors = {0};

    (void)state;
    assert_non_null(mkdtemp(dir));
    const char *none = arena_printf(a, "%s/none", dir);
    assert_int_equal(recursive_files(a, none, NULL, &anchors, &fault), -ENOENT);
    assert_string_equal(fault.file, none);
    assert_false(fault.hints);
    assert_int_equal(recursive_files(a, dir, NULL, &anchors, &fault), -EISDIR);
    const char *key = file(a, dir, "key", DS), *hints = file(a, dir, "hints", DS);
    assert_int_equal(recursive_files(a, key, hints, &anchors, &fault), -EINVAL);
    assert_string_equal(fault.file, hints);
    assert_true(fault.hints);
    assert_int_equal(unlink(key) | unlink(hints) | rmdir(dir), 0);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_of_our_own),
        cmocka_unit_test(forbidden_name_servers_are_not_asked),
        cmocka_unit_test(all_end_once_whatever_is_cancelled),
        cmocka_unit_test(what_waits_is_asked_in_its_turn),
        cmocka_unit_test(callbacks_leave_time_for_the_rest_of_the_loop),
        cmocka_unit_test(an_old_cache_is_left_behind),
        cmocka_unit_test(others_are_not_its_business),
        cmocka_unit_test(results_become_what_a_resolver_would_say),
        cmocka_unit_test(reasons_have_codes),
        cmocka_unit_test(anchors_are_the_roots),
        cmocka_unit_test(the_file_at_fault_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
