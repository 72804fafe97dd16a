#include "dns_server.h"
#include "observe/dns.h"
#include "observe/resolv_conf.h"
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

enum {
    PATIENT = 5000, /* ms of a try where none may time out, however slow the machine is */
    HASTY = 60      /* ms of a try where one has to time out */
};

/* A DNS observer and one or two servers; each test has its own. */
struct net {
    uv_loop_t loop;
    struct dns *dns;
    struct observer obs;
    struct arena *arena;
    struct guard *guard;
    struct dns_server a, b;
    unsigned calls; /* of fact_fn, for all questions together */
};

static void net_start(struct net *n, uint32_t timeout_ms, unsigned resolvers, unsigned per_server)
{
    static const char *const open[] = {"127.0.0.0/8", "::1"};
    const char *bad, *servers[2];

    memset(n, 0, sizeof(*n));
    assert_true(dns_server_start(&n->a, AF_INET));
    assert_true(dns_server_start(&n->b, AF_INET));
    servers[0] = n->a.text;
    servers[1] = n->b.text;
    n->arena = arena_new(0);
    assert_int_equal(guard_new(n->arena, open, 2, &n->guard, &bad), 0);
    uv_loop_init(&n->loop);
    struct dns_config cfg = {.resolvers = servers,
                             .n_resolvers = resolvers,
                             .timeout_ms = timeout_ms,
                             .tries = 3,
                             .per_server = per_server,
                             .guard = n->guard};
    assert_int_equal(dns_new(&n->loop, &cfg, &n->dns, &bad), 0);
    dns_observer(n->dns, &n->obs);
}

static void count_up(void *user)
{
    ++*(int *)user;
}

static void net_stop(struct net *n)
{
    int closed = 0;

    dns_close(n->dns, count_up, &closed);
    uv_run(&n->loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 1);
    assert_int_equal(uv_loop_close(&n->loop), 0);
    dns_server_stop(&n->a);
    dns_server_stop(&n->b);
    arena_free(n->arena);
}

struct one {
    struct net *n;
    struct ask ask;
    struct fact *fact;
    unsigned calls;
    void *op;
};

static void on_fact(void *user, struct ask *ask, struct fact *fact)
{
    struct one *o = user;

    assert_ptr_equal(ask, &o->ask);
    o->calls++;
    o->n->calls++;
    o->fact = fact;
}

static void one_start(struct net *n, struct one *o, const char *qname, fact_fn *fn)
{
    o->n = n;
    o->ask.qname = qname;
    if (o->ask.qtype == 0)
        o->ask.qtype = RR_TXT;
    if (o->ask.server)
        o->ask.via = VIA_AUTHORITATIVE;
    assert_int_equal(n->obs.start(n->obs.self, n->arena, &o->ask, fn, o, &o->op), 0);
}

/* Asks, and runs the loop until the fact comes, which must come once. */
static struct dns_fact *ask(struct net *n, struct ask how, const char *qname)
{
    struct one o = {.ask = how};

    one_start(n, &o, qname, on_fact);
    uv_run(&n->loop, UV_RUN_DEFAULT);
    assert_int_equal(o.calls, 1);
    assert_non_null(o.fact);
    assert_ptr_equal(o.fact->ask, &o.ask);
    print_message("%s: %s, %u tries, %u us%s%s\n", qname, dns_outcome_name(o.fact->dns.outcome),
                  o.fact->dns.tries, o.fact->us, o.fact->dns.detail ? ": " : "",
                  o.fact->dns.detail ? o.fact->dns.detail : "");
    return &o.fact->dns;
}

static struct dns_counters counters(const struct net *n)
{
    struct dns_counters c;

    dns_counters(n->dns, &c);
    return c;
}

static void what_the_server_says_is_the_fact(void **state)
{
    struct net n;
    struct dns_fact *f;

    (void)state;
    net_start(&n, PATIENT, 1, 100);
    f = ask(&n, (struct ask){0}, "plain.test.");
    assert_int_equal(f->outcome, DNS_ANSWER);
    assert_int_equal(f->answer.n, 1);
    assert_memory_equal(f->answer.v[0].rdata, "\2ok", 3);
    assert_int_equal(f->tries, 1);
    assert_string_equal(f->server, n.a.text);
    assert_true(f->flags & DNS_RD);
    f = ask(&n, (struct ask){.server = n.b.text}, "plain.test.");
    assert_int_equal(f->outcome, DNS_ANSWER);
    assert_string_equal(f->server, n.b.text);
    assert_false(f->flags & DNS_RD);
    f = ask(&n, (struct ask){0}, "tc.test.");
    assert_true(f->flags & DNS_TC);
    f = ask(&n, (struct ask){.server = n.b.text, .tcp = true}, "tc.test.");
    assert_false(f->flags & DNS_TC);
    assert_int_equal(f->answer.n, 230);
    assert_true(f->size > 60000);
    f = ask(&n, (struct ask){.tcp = true}, "plain.test.");
    assert_int_equal(f->outcome, DNS_ANSWER);
    f = ask(&n, (struct ask){0}, "formerr.test.");
    assert_int_equal(f->outcome, DNS_OTHER);
    assert_int_equal(f->rcode, 1);
    assert_int_equal(f->tries, 1);
    assert_int_equal(counters(&n).timeouts, 0);
    assert_int_equal(counters(&n).tcp, 2);
    net_stop(&n);
}

static void strangers_are_waited_out(void **state)
{
    struct net n;

    (void)state;
    net_start(&n, PATIENT, 1, 100);
    assert_int_equal(ask(&n, (struct ask){0}, "wrongid.test.")->outcome, DNS_ANSWER);
    assert_int_equal(counters(&n).strays, 1);
    assert_int_equal(ask(&n, (struct ask){0}, "stranger.test.")->outcome, DNS_ANSWER);
    assert_int_equal(ask(&n, (struct ask){.server = n.b.text}, "wrongid.test.")->outcome, DNS_ANSWER);
    assert_int_equal(ask(&n, (struct ask){0}, "misfitfirst.test.")->outcome, DNS_ANSWER);
    assert_int_equal(counters(&n).sent, 4);
    net_stop(&n);
    net_start(&n, HASTY, 1, 100);
    assert_int_equal(ask(&n, (struct ask){0}, "misfit.test.")->outcome, DNS_MALFORMED);
    assert_int_equal(ask(&n, (struct ask){.server = n.b.text}, "misfit.test.")->outcome, DNS_MALFORMED);
    net_stop(&n);
}

static void tries_are_repeated_until_they_are_used_up(void **state)
{
    struct net n;
    struct dns_fact *f;

    (void)state;
    net_start(&n, HASTY, 1, 100);
    f = ask(&n, (struct ask){0}, "drop.test.");
    assert_int_equal(f->outcome, DNS_ANSWER);
    assert_true(f->tries >= 2);
    f = ask(&n, (struct ask){0}, "late.test.");
    assert_int_equal(f->outcome, DNS_ANSWER);
    assert_true(f->tries >= 2);
    f = ask(&n, (struct ask){.server = n.b.text, .once = true}, "silent.test.");
    assert_int_equal(f->outcome, DNS_TIMEOUT);
    assert_int_equal(f->tries, 1);
    f = ask(&n, (struct ask){.server = n.b.text}, "silent.test.");
    assert_int_equal(f->outcome, DNS_TIMEOUT);
    assert_int_equal(f->tries, 3);
    assert_string_equal(f->server, n.b.text);
    f = ask(&n, (struct ask){.server = n.b.text, .tcp = true}, "silent.test.");
    assert_int_equal(f->outcome, DNS_TIMEOUT);
    assert_int_equal(counters(&n).in_flight, 0);
    net_stop(&n);
}

static void refusals_and_cut_streams_are_told_apart(void **state)
{
    static const char closed[] = "127.0.0.1:1"; /* tcpmux: nothing has listened there since 1988 */
    struct net n;
    struct dns_fact *f;

    (void)state;
    net_start(&n, 200, 1, 100);
    f = ask(&n, (struct ask){.server = closed}, "plain.test.");
    assert_int_equal(f->outcome, DNS_UNREACHABLE);
    assert_int_equal(f->tries, 3);
    assert_string_equal(f->detail, "nothing listens on this UDP port (ICMP refusal)");
    f = ask(&n, (struct ask){.server = closed, .tcp = true}, "plain.test.");
    assert_int_equal(f->outcome, DNS_UNREACHABLE);
    assert_string_equal(f->detail, "the server refused the TCP connection");
    f = ask(&n, (struct ask){.server = n.a.text, .tcp = true}, "closes.test.");
    assert_int_equal(f->outcome, DNS_UNREACHABLE);
    assert_string_equal(f->detail, "the server closed the connection without an answer");
    f = ask(&n, (struct ask){.server = n.a.text, .tcp = true}, "cut.test.");
    assert_int_equal(f->outcome, DNS_MALFORMED);
    assert_string_equal(f->detail, "the TCP stream ended after 100 of the 500 bytes announced");
    net_stop(&n);
}

static void a_resolver_that_refuses_is_not_the_last_word(void **state)
{
    struct net n;
    struct dns_fact *f;

    (void)state;
    net_start(&n, PATIENT, 2, 100);
    n.a.rcode = 5;
    f = ask(&n, (struct ask){0}, "plain.test.");
    assert_int_equal(f->outcome, DNS_ANSWER);
    assert_int_equal(f->tries, 2);
    assert_string_equal(f->server, n.b.text);
    /* The server that answered is asked first from now on. */
    f = ask(&n, (struct ask){0}, "plain.test.");
    assert_int_equal(f->tries, 1);
    n.b.rcode = 5;
    f = ask(&n, (struct ask){0}, "plain.test.");
    assert_int_equal(f->outcome, DNS_REFUSED);
    assert_int_equal(f->tries, 2);
    f = ask(&n, (struct ask){.server = n.a.text}, "plain.test.");
    assert_int_equal(f->outcome, DNS_REFUSED);
    assert_int_equal(f->tries, 1);
    net_stop(&n);
}

static void forbidden_servers_get_no_packet(void **state)
{
    struct net n;
    struct dns_fact *f;
    struct one o = {.ask = {.server = "not an address"}};

    (void)state;
    net_start(&n, PATIENT, 1, 100);
    f = ask(&n, (struct ask){.server = "10.0.0.1:53"}, "plain.test.");
    assert_int_equal(f->outcome, DNS_UNREACHABLE);
    assert_string_equal(f->detail, "nothing was sent: this address is private (10.0.0.0/8)");
    assert_int_equal(f->tries, 0);
    assert_int_equal(counters(&n).sent, 0);
    o.ask.via = VIA_AUTHORITATIVE;
    o.ask.qname = "plain.test.";
    assert_int_equal(n.obs.start(n.obs.self, n.arena, &o.ask, on_fact, &o, &o.op), -EINVAL);
    net_stop(&n);
}

static void mixed_case_is_sent_and_compared(void **state)
{
    struct net n;

    (void)state;
    net_start(&n, PATIENT, 1, 100);
    for (int i = 0; i < 8; i++) {
        const struct dns_fact *f = ask(&n, (struct ask){.mixed_case = true}, "abcdefghijklmnopqrstuvwxyz.test.");
        assert_true(f->case_kept);
        /* The random case of letters is not the zone's, so names in the fact have the case that was asked for. */
        assert_true(f->answer.n > 0);
        assert_string_equal(f->answer.v[0].owner, "abcdefghijklmnopqrstuvwxyz.test.");
    }
    /* By chance all 26 letters are small once in 2^26 queries. */
    bool kept = true;
    for (int i = 0; i < 4; i++)
        kept &= ask(&n, (struct ask){.mixed_case = true}, "lower.test.")->case_kept;
    assert_false(kept);
    net_stop(&n);
    assert_true(n.a.upper_case >= 8);
}

static void ipv6_servers_are_asked_too(void **state)
{
    struct net n;
    struct dns_server six;

    (void)state;
    if (!dns_server_start(&six, AF_INET6))
        skip();
    net_start(&n, PATIENT, 1, 100);
    struct dns_fact *f = ask(&n, (struct ask){.server = six.text}, "plain.test.");
    assert_int_equal(f->outcome, DNS_ANSWER);
    assert_string_equal(f->server, six.text);
    assert_int_equal(ask(&n, (struct ask){.server = six.text, .tcp = true}, "tc.test.")->answer.n, 230);
    net_stop(&n);
    dns_server_stop(&six);
}

enum { MANY = 1500, PER_SERVER = 64 };

static void on_one_of_many(void *user, struct ask *a, struct fact *f)
{
    struct one *o = user;

    on_fact(user, a, f);
    assert_int_equal(f->dns.outcome, DNS_ANSWER);
    assert_string_equal(f->dns.answer.v[0].owner, a->qname);
    assert_true(counters(o->n).in_flight <= PER_SERVER);
}

static void many_at_once_get_their_own_answers(void **state)
{
    static struct one many[MANY];
    struct net n;
    char name[32];

    (void)state;
    net_start(&n, PATIENT, 1, PER_SERVER);
    for (int i = 0; i < MANY; i++) {
        many[i] = (struct one){0};
        snprintf(name, sizeof(name), "n%d.test.", i * 7919 % MANY); /* names of different lengths in a mixed order */
        one_start(&n, &many[i], arena_strdup(n.arena, name), on_one_of_many);
    }
    uv_run(&n.loop, UV_RUN_DEFAULT);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(many[i].calls, 1);
    assert_int_equal(counters(&n).sent, MANY);
    assert_int_equal(counters(&n).answered, MANY);
    for (int i = 0; i < 100; i++) {
        many[i] = (struct one){.ask = {.server = n.b.text}};
        one_start(&n, &many[i], "plain.test.", on_one_of_many);
    }
    uv_run(&n.loop, UV_RUN_DEFAULT);
    assert_int_equal(n.calls, MANY + 100);
    net_stop(&n);
    assert_true(dns_server_ports(&n.a) >= 2);  /* a port lives for 1000 queries */
    assert_true(dns_server_ports(&n.b) >= 80); /* a port for each query; a few may be equal by chance */
}

enum { DEEP = 500 };

static void on_link(void *user, struct ask *a, struct fact *f)
{
    struct one *o = user;

    on_fact(user, a, f);
    assert_int_equal(f->dns.outcome, DNS_ANSWER);
    if (o->n->calls < DEEP) {
        /* The resolver and an authoritative server in turn, and every third time a forbidden address, for which the
         * fact comes without the network. */
        o->ask = (struct ask){.server = o->n->calls % 3 == 0 ? "10.0.0.1:53"
                                        : o->n->calls % 2    ? o->n->b.text
                                                             : NULL};
        one_start(o->n, o, "plain.test.", o->n->calls % 3 == 0 ? on_fact : on_link);
        if (o->n->calls % 3 == 0) {
            struct one *next = arena_alloc(o->n->arena, sizeof(*next));
            one_start(o->n, next, "plain.test.", on_link);
        }
    }
}

static void asks_may_come_from_inside_a_callback(void **state)
{
    struct net n;
    struct one o = {0};

    (void)state;
    net_start(&n, PATIENT, 1, 100);
    one_start(&n, &o, "plain.test.", on_link);
    uv_run(&n.loop, UV_RUN_DEFAULT);
    assert_true(n.calls >= DEEP);
    assert_int_equal(counters(&n).asked, n.calls);
    net_stop(&n);
}

struct killer {
    struct one own;
    struct one *victims;
    size_t n;
};

static void on_kill(void *user, struct ask *a, struct fact *f)
{
    struct killer *k = user;

    on_fact(&k->own, a, f);
    for (size_t i = 0; i < k->n; i++) {
        struct one *v = &k->victims[i];
        if (v->calls == 0)
            v->n->obs.cancel(v->n->obs.self, v->op);
        assert_int_equal(v->calls, 1);
    }
}

static void each_ask_is_called_back_once_even_if_cancelled(void **state)
{
    static const struct ask kinds[] = {
        {0}, {.tcp = true}, {.via = VIA_AUTHORITATIVE}, {.via = VIA_AUTHORITATIVE, .tcp = true}};
    static const char closed[] = "127.0.0.1:1";
    struct one victims[60];
    struct net n;

    (void)state;
    /* Questions that are sent, that wait (at most three of each kind are sent at a time), and that were just
     * started. */
    net_start(&n, PATIENT, 1, 3);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 60; i++) {
            victims[i] = (struct one){.ask = kinds[i % 4]};
            if (victims[i].ask.via == VIA_AUTHORITATIVE)
                victims[i].ask.server = i % 5 ? n.b.text : closed;
            one_start(&n, &victims[i], i % 8 < 4 ? "silent.test." : "plain.test.", on_fact);
        }
        if (round == 0) {
            uv_run(&n.loop, UV_RUN_NOWAIT);
            uv_run(&n.loop, UV_RUN_NOWAIT);
        }
        for (int i = 0; i < 60; i++) {
            if (victims[i].calls == 0) {
                n.obs.cancel(n.obs.self, victims[i].op);
                assert_null(victims[i].fact);
            }
            assert_int_equal(victims[i].calls, 1);
        }
    }
    assert_int_equal(counters(&n).waiting, 0);
    net_stop(&n);

    /* From within the callback of another question. */
    net_start(&n, PATIENT, 1, 100);
    struct killer k = {
        .victims = victims, .n = 20, .own = {.ask = {.qname = "plain.test.", .qtype = RR_TXT}}};
    for (int i = 0; i < 20; i++) {
        victims[i] = (struct one){.ask = kinds[i % 4]};
        victims[i].ask.server = victims[i].ask.via == VIA_AUTHORITATIVE ? n.b.text : NULL;
        one_start(&n, &victims[i], i % 8 < 4 ? "silent.test." : "plain.test.", on_fact);
    }
    k.own.n = &n;
    assert_int_equal(n.obs.start(n.obs.self, n.arena, &k.own.ask, on_kill, &k, &k.own.op), 0);
    uv_run(&n.loop, UV_RUN_DEFAULT);
    assert_int_equal(k.own.calls, 1);
    assert_int_equal(n.calls, 21);
    /* Queries that the server has left unanswered do not disturb later ones. */
    assert_int_equal(ask(&n, (struct ask){0}, "plain.test.")->outcome, DNS_ANSWER);
    net_stop(&n);
}

static void a_full_arena_ends_the_exchange_without_a_fact(void **state)
{
    struct net n;
    struct arena *mean = arena_new(4096);
    struct one o = {0};

    (void)state;
    net_start(&n, PATIENT, 1, 100);
    o.n = &n;
    o.ask = (struct ask){.qname = "tc.test.", .qtype = RR_TXT, .tcp = true};
    assert_int_equal(n.obs.start(n.obs.self, mean, &o.ask, on_fact, &o, &o.op), 0);
    uv_run(&n.loop, UV_RUN_DEFAULT);
    assert_int_equal(o.calls, 1);
    assert_null(o.fact);
    net_stop(&n);
    arena_free(mean);
}

static void resolv_conf_is_read(void **state)
{
    static const char text[] =
        "# nameserver 192.0.2.1\n\n  nameserver\t192.0.2.53 \r\nsearch nameserver 192.0.2.2\n"
        "nameservers 192.0.2.3\nnameserver fe80::1%eth0\nnameserver 2001:db8::53\nnameserver";
    struct arena *a = arena_new(0);
    struct texts t;

    (void)state;
    assert_int_equal(resolv_conf_read(a, text, sizeof(text) - 1, &t), 0);
    assert_int_equal(t.n, 2);
    assert_string_equal(t.v[0], "192.0.2.53:53");
    assert_string_equal(t.v[1], "[2001:db8::53]:53");
    arena_free(a);
}

static void a_resolver_that_cannot_be_read_is_named(void **state)
{
    static const char *const servers[] = {"192.0.2.53", "dns.example"};
    struct dns_config cfg = {
        .resolvers = servers, .n_resolvers = 2, .timeout_ms = 100, .tries = 1, .per_server = 1};
    struct dns *d;
    const char *bad;
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(dns_new(&loop, &cfg, &d, &bad), -EINVAL);
    assert_string_equal(bad, "dns.example");
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_server_says_is_the_fact),
        cmocka_unit_test(strangers_are_waited_out),
        cmocka_unit_test(tries_are_repeated_until_they_are_used_up),
        cmocka_unit_test(refusals_and_cut_streams_are_told_apart),
        cmocka_unit_test(a_resolver_that_refuses_is_not_the_last_word),
        cmocka_unit_test(forbidden_servers_get_no_packet),
        cmocka_unit_test(mixed_case_is_sent_and_compared),
        cmocka_unit_test(ipv6_servers_are_asked_too),
        cmocka_unit_test(many_at_once_get_their_own_answers),
        cmocka_unit_test(asks_may_come_from_inside_a_callback),
        cmocka_unit_test(each_ask_is_called_back_once_even_if_cancelled),
        cmocka_unit_test(a_full_arena_ends_the_exchange_without_a_fact),
        cmocka_unit_test(resolv_conf_is_read),
        cmocka_unit_test(a_resolver_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
