#include "ca/profile.h"
#include "dns_server.h"
#include "observe/dns.h"
#include "observe/http.h"
#include "run/net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct fixture {
    uv_loop_t loop;
    struct dns_server server;
    struct net *net;
    unsigned ended; /* checks */
    bool closed;
    char order[8]; /* tags of the checks, in the order in which they ended */
};

struct runner_check {
    struct fixture *fixture;
    char tag;
    struct arena *arena;
    struct request request;
    struct check *check;
    enum verdict verdict;
    char reason[200];
    bool close;         /* when this check ends, the net is closed */
    struct runner_check *cancel; /* when this check ends, that one is cancelled */
};

static void on_closed(void *user)
{
    ((struct fixture *)user)->closed = true;
}

/* What an empty configuration says. */
static struct net_config usual(void)
{
    static struct conf conf;
    struct arena *a = arena_new(0); /* the defaults are static texts; nothing of it is in use afterwards */
    const char *why;
    assert_int_equal(conf_parse(a, "none", "", 0, &conf, &why), 0);
    arena_free(a);
    struct net_config cfg = net_config_of(&conf);
    cfg.resolvers = cfg.allow_net = (struct texts){0};
    cfg.trust_anchor = cfg.root_hints = NULL;
    cfg.profile = profile_builtin();
    return cfg;
}

static void fixture_start(struct fixture *m)
{
    const char *server = m->server.text, *what;

    memset(m, 0, sizeof(*m));
    assert_true(dns_server_start(&m->server, AF_INET));
    uv_loop_init(&m->loop);
    struct net_config cfg = usual();
    cfg.resolvers = (struct texts){.v = &server, .n = 1};
    assert_int_equal(net_new(&m->loop, &cfg, &m->net, &what), 0);
}

static void fixture_stop(struct fixture *m)
{
    uv_run(&m->loop, UV_RUN_DEFAULT);
    assert_true(m->closed);
    assert_int_equal(uv_loop_close(&m->loop), 0);
    dns_server_stop(&m->server);
}

static void on_done(void *user, struct check *c, struct report *report, int err)
{
    struct runner_check *j = user;

    assert_int_equal(err, 0);
    if (j->check)
        assert_ptr_equal(c, j->check);
    j->verdict = report->verdict;
    snprintf(j->reason, sizeof(j->reason), "%s", report->reason ? report->reason : "");
    j->fixture->order[j->fixture->ended++] = j->tag;
    arena_free(j->arena); /* the check lives in it, with the net's data about the check */
    j->arena = NULL;
    if (j->cancel)
        net_cancel(j->fixture->net, j->cancel->check);
    if (j->close)
        net_close(j->fixture->net, on_closed, j->fixture);
}

static void job_prepare(struct fixture *m, struct runner_check *j, char tag, const char *domain, uint32_t deadline_ms)
{
    j->fixture = m;
    j->tag = tag;
    j->arena = arena_new(1 << 20);
    j->request = (struct request){.profile = profile_builtin(),
                                  .input = domain,
                                  .domain = domain,
                                  .registrable = domain,
                                  .adn = domain,
                                  .methods = METHOD_BIT(METHOD_DNS_TXT_TOKEN),
                                  .method = METHOD_DNS_TXT_TOKEN,
                                  .token = "5xq8kd2m9vh3tz7bw4np6rj1yf0cg",
                                  .issued = TIME_UNKNOWN,
                                  .depth = DEPTH_QUICK,
                                  .deadline_ms = deadline_ms,
                                  .now = 1};
}

static void job_start(struct fixture *m, struct runner_check *j, char tag, const char *domain, uint32_t deadline_ms)
{
    job_prepare(m, j, tag, domain, deadline_ms);
    assert_int_equal(net_check(m->net, j->arena, &j->request, on_done, j, &j->check), 0);
}

static void deadlines_expire_in_their_order(void **state)
{
    struct fixture m;
    struct runner_check a = {0}, b = {0}, c = {0}, d = {0};

    (void)state;
    fixture_start(&m);
    job_start(&m, &a, 'a', "silent.test", 90);
    job_start(&m, &b, 'b', "silent.test", 30);
    job_start(&m, &c, 'c', "silent.test", 60);
    job_start(&m, &d, 'd', "plain.test", 60000);
    assert_int_equal(net_running(m.net), 4);
    while (m.ended < 4)
        uv_run(&m.loop, UV_RUN_ONCE);
    assert_int_equal(net_running(m.net), 0);
    net_close(m.net, on_closed, &m);
    fixture_stop(&m);
    assert_int_equal(m.ended, 4);
    assert_true(strchr(m.order, 'b') < strchr(m.order, 'c'));
    assert_true(strchr(m.order, 'c') < strchr(m.order, 'a'));
    assert_int_equal(a.verdict, VERDICT_UNDECIDED);
    assert_int_equal(d.verdict, VERDICT_FAIL); /* the answer has no token */
}

/* The resolver does not answer for the name, but for the names above it: after half of the time these are asked,
 * too. */
static void at_half_time_all_is_asked(void **state)
{
    struct fixture m;
    struct runner_check a = {0}, b = {0};
    struct dns_counters dns;
    struct http_counters http;

    (void)state;
    fixture_start(&m);
    job_prepare(&m, &a, 'a', "silent.test", 1000);
    a.request.method = METHOD_CAA;
    a.request.sparing = true;
    assert_int_equal(net_check(m.net, a.arena, &a.request, on_done, &a, &a.check), 0);
    job_start(&m, &b, 'b', "plain.test", 60000); /* two questions */
    while (m.ended < 1)
        uv_run(&m.loop, UV_RUN_ONCE);
    net_counters(m.net, &dns, &http);
    assert_int_equal(dns.asked, 1 + 2);
    while (m.ended < 2)
        uv_run(&m.loop, UV_RUN_ONCE);
    net_counters(m.net, &dns, &http);
    assert_int_equal(dns.asked, 2 + 2);
    assert_int_equal(a.verdict, VERDICT_UNDECIDED);
    net_close(m.net, on_closed, &m);
    fixture_stop(&m);
    assert_string_equal(m.order, "ba");
}

static void closing_ends_what_runs(void **state)
{
    struct fixture m;
    struct runner_check a = {0}, b = {0}, c = {.close = true}, d = {0};

    (void)state;
    fixture_start(&m);
    job_start(&m, &a, 'a', "silent.test", 60000);
    job_start(&m, &b, 'b', "silent.test", 70000);
    job_start(&m, &d, 'd', "silent.test", 50000);
    c.cancel = &b; /* b is between the other two in the list of deadlines */
    job_start(&m, &c, 'c', "silent.test", 20);
    fixture_stop(&m);
    assert_string_equal(m.order, "cbda");
    assert_int_equal(b.verdict, VERDICT_UNDECIDED);
    assert_string_equal(b.reason, a.reason);
}

static void what_cannot_be_read_is_named(void **state)
{
    const char *texts[] = {"192.0.2.53", "no resolver", "10.0.0.0/99"}, *what = NULL;
    struct net_config cfg = usual();
    cfg.resolvers = (struct texts){.v = texts, .n = 2};
    struct net *net;
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(net_new(&loop, &cfg, &net, &what), -EINVAL);
    assert_string_equal(what, "no resolver");
    cfg.resolvers.n = 1;
    cfg.allow_net = (struct texts){.v = texts + 2, .n = 1};
    assert_int_equal(net_new(&loop, &cfg, &net, &what), -EINVAL);
    assert_string_equal(what, "10.0.0.0/99");
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines_expire_in_their_order),
        cmocka_unit_test(at_half_time_all_is_asked),
        cmocka_unit_test(closing_ends_what_runs),
        cmocka_unit_test(what_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
