#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena_fixture.h"
#include "base/text.h"
#include "ca/token.h"
#include "show/render.h"

#include "format/reproduce.h"
#include "sample_report.h"
#include "show/render_fix.h"
#include "show/render_nagios.h"

#include <stdio.h>

/* The text of a report, after a check that it has no control bytes for a terminal but its own colours. */
static char *render(const struct report *r, struct render how)
{
    struct buf b = {0};
    render_report(&b, arena, r, &how);
    assert_false(b.failed);
    uint32_t c;
    for (size_t i = 0, len; i < b.n; i += len) {
        len = text_utf8(b.p + i, b.n - i, &c);
        assert_true(len);
        assert_true(c == '\n' || !text_is_control(c) || (c == 0x1b && how.color));
    }
    char *text = arena_strndup(arena, b.p, b.n);
    buf_free(&b);
    return text;
}

static void holds(const char *text, const char *part)
{
    assert_non_null(text);
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void failing(void **state)
{
    (void)state;
    struct sample s;
    sample_report(arena, &s);
    char *text = render(&s.report, (struct render){0});
    assert_memory_equal(text, "FAIL  *.shop.example.com  dns-txt-token  invalid_dns_txt (dns_mismatch)\n\n",
                        73);
    holds(text, "\n  The value " SAMPLE_TOKEN " stands nowhere that the CA looks, and this\n  sentence");
    holds(text, "\n    _dnsauth.example.com. TXT  4 records  from 192.0.2.53:53 in 1.8 ms\n");
    holds(text, "\n    -x.example.com. CAA\n        NXDOMAIN  from [2001:db8::53]:5353 over TCP");
    holds(text, "the server says: error 22, No Reachable Authority: at delegation\n      \\x1b[31m\\xff");
    holds(text, "status 301, 9000 bytes and more");
    holds(text,
          "\n    add the record\n      _dnsauth.shop.example.com. 300 IN TXT \"R4nd\\\"om\\\\Val'ue;0123\"\n"
          "    or, in a web panel for example.com, enter:\n      Host   _dnsauth.shop\n      Type   TXT\n"
          "      Value  R4nd\"om\\Val'ue;0123\n");
    holds(text, "\n    remove the record\n      old.example.com. IN CNAME x.example.net.\n");
    holds(text,
          "\n    replace the record\n      example.com. IN TXT \"old\"\n    by\n"
          "      example.com. 60 IN TXT \"new\"\n    or, in a web panel for example.com, change it to:\n"
          "      Host   @ (or leave it empty)\n      Type   TXT\n      Value  new\n");
    holds(text, "\n    wait until 2026-11-22 12:05:00 UTC\n");
    holds(text, "\n    run again with --token ");
    holds(text, "\n    risk: A second one.\n");
    holds(text, "HTTP 400, code invalid_dns_txt: ");
    holds(text, "\n    dig @192.0.2.53 _dnsauth.example.com. TXT\n");
    /* Prose keeps to the width; only lines that a person copies may be longer. */
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        if (!strncmp(line, "  The", 5) || !strncmp(line, "  sentence", 10))
            assert_true(strchr(line, '\n') - line <= 80);
}

typedef void renders(struct buf *b, struct arena *a, const struct report *const *r, size_t n);

static char *rendered(renders *f, const struct report *const *r, size_t n)
{
    struct buf b = {0};
    f(&b, arena, r, n);
    assert_false(b.failed);
    char *text = arena_strndup(arena, b.p, b.n);
    buf_free(&b);
    return text;
}

/* The forms for programs: each line is a comment, or one that the program understands. */
static void for_programs(void **state)
{
    (void)state;
    struct sample s, passing;
    sample_report(arena, &s);
    sample_report(arena, &passing);
    passing.report.verdict = VERDICT_PASS;
    s.request.input = "a\nupdate add b";
    s.fixes[1].owner = "o\"l;d$.example.com.";
    s.fixes[1].rdata = "(x;y\\;z.example.net.";
    s.fixes[6] = (struct fix){
        .op = FIX_ADD, .owner = "example.com.", .ttl = 300, .type = "CAA", .rdata = "0 issue \"a; b=c\""};
    const struct report *all[] = {&s.report, &passing.report};
    char *text = rendered(render_zone, all, 2);
    holds(text, "; a\\x0aupdate add b dns-txt-token: fail, name-internal\n; The value ");
    holds(text,
          "\n; add the record\n_dnsauth.shop.example.com. 300 IN TXT \"R4nd\\\"om\\\\Val'ue;0123\"\n; or,");
    holds(text, "\n; remove the record\n;   o\\\"l\\;d\\$.example.com. IN CNAME \\(x\\;y\\;z.example.net.\n");
    holds(text, "\n;   example.com. IN TXT \"old\"\n; by\nexample.com. 60 IN TXT \"new\"\n");
    holds(text, "\n; publish at http://example.com/f, as the only content:\n;   R4nd");
    holds(text, "\n; wait until 2026-11-22 12:05:00 UTC\n");
    holds(text, "\n;   Flags  0\n;   Tag    issue\n;   Value  a; b=c\n");
    holds(text, "\n; *.Shop.Example.com dns-txt-token: pass\n");
    /* The SOA record in the evidence tells the zone: one message with the updates in their order. */
    holds(rendered(render_nsupdate, all, 2),
          "\nzone example.com.\nupdate add _dnsauth.shop.example.com. 300 TXT \"R4nd\\\"om\\\\Val'ue;0123\"\n"
          "update delete o\\\"l\\;d\\$.example.com. CNAME \\(x\\;y\\;z.example.net.\n"
          "update delete example.com. TXT \"old\"\nupdate add example.com. 60 TXT \"new\"\n; publish at ");
    s.fixes[2].type = "CAA";
    s.fixes[2].old_rdata = "\\# 2 8000";
    holds(rendered(render_nsupdate, all, 2), "takes no such\n; data.\n;   example.com. IN CAA \\# 2 "
                                             "8000\nupdate add example.com. 60 CAA \"new\"\n");
    s.fixes[2].type = "TXT";
    s.fixes[2].old_rdata = "\"old\"";
    struct rr *soa = &s.evidence.facts[1]->dns.authority.v[0];
    soa->owner = "com."; /* a public suffix: no customer can update it */
    text = rendered(render_nsupdate, all, 2);
    assert_null(strstr(text, "zone "));
    holds(text, "send\nupdate delete o");
    holds(text, "send\nupdate delete example.com. TXT \"old\"\nupdate add");
}

/* What is not proven is no line for a program: it stands in remarks, whole, so that a person can take it from there. */
static void for_a_person(void **state)
{
    (void)state;
    struct sample s;
    sample_report(arena, &s);
    const struct report *all[] = {&s.report};
    s.cures->proven = false;
    s.cures->note = "Whether a wildcard answers is not known.";
    for (int update = 0; update < 2; update++) {
        char *text = rendered(update ? render_nsupdate : render_zone, all, 1);
        holds(text, "so it stands here for");
        holds(text, update ? "\n; update add _dnsauth.shop.example.com. 300 TXT "
                           : "\n;   _dnsauth.shop.example.com. 300 IN TXT ");
        holds(text, "\n; Whether a wildcard answers is not known.\n");
        for (const char *line = text; *line; line = strchr(line, '\n') + 1)
            assert_true(*line == ';' || *line == '\n');
    }
}

static void other_verdicts(void **state)
{
    (void)state;
    struct sample s;
    sample_report(arena, &s);
    s.report.error.code = s.report.detail_code = CODE_NONE;
    s.report.verdict = VERDICT_PASS;
    s.report.n_findings = 0;
    assert_string_equal(render(&s.report, (struct render){0}),
                        "PASS  *.shop.example.com  dns-txt-token\n"
                        "  A CA that validates now may reuse that until 2027-03-14 (BR 4.2.1, ballot\n"
                        "  SC-081v3).\n");
    s.report.verdict = VERDICT_UNDECIDED;
    s.report.reason = "No token was given.";
    assert_string_equal(
        render(&s.report, (struct render){.color = true}),
        "\033[1;33mUNDECIDED\033[0m  *.shop.example.com  dns-txt-token\n  No token was given.\n");
    char *text = render(&s.report, (struct render){.verbose = true});
    holds(text, "NXDOMAIN");
    holds(text, "curl -sS -i -m 10 -A Mozilla/5.0 --connect-to ::192.0.2.80:443 -k -o - https://example.com/");
    s.request.input = "a\033]0;x\007b";
    s.request.domain = NULL;
    s.request.wildcard = false;
    assert_string_equal(render(&s.report, (struct render){0}),
                        "UNDECIDED  a\\x1b]0;x\\x07b  dns-txt-token\n  No token was given.\n");
}

static char *status_line(const struct report *r, int status)
{
    struct buf b = {0};
    assert_int_equal(render_nagios(&b, arena, &r, 1), status);
    char *line = arena_strndup(arena, b.p, b.n);
    buf_free(&b);
    return line;
}

/* Whatever bytes the report has, the text is one line with one bar, and each number is valid for a monitoring
 * system. */
static void nagios_hostile(void **state)
{
    (void)state;
    struct sample s;
    sample_report(arena, &s);
    for (unsigned c = 1; c < 256; c++) {
        s.findings[0].summary = arena_printf(arena, "a%cb|c'd=1;2", (int)c);
        s.request.input = arena_printf(arena, "x%c|y", (int)c);
        const char *line = status_line(&s.report, 2), *bar = strchr(line, '|');
        assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
        assert_non_null(bar);
        assert_null(strchr(bar + 1, '|'));
        for (const char *p = line; *p != '\n'; p++)
            assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
        for (const char *p = bar + 1; *p && *p != '\n'; p += strcspn(p, " \n") + (*p == ' ')) {
            char label[20], rest[80];
            double value;
            p += *p == ' ';
            assert_int_equal(sscanf(p, "%19[a-z_]=%lf%79[s;:0-9.]", label, &value, rest), 3);
        }
    }
}

/* After the line of several domains each has a line, the worst first, and none of them holds the random value. */
static void nagios_long(void **state)
{
    (void)state;
    enum { N = 103 };
    static struct sample s[N];
    const struct report *all[N];
    static const char value[] = "r5t8wq2k9xv4bm7jzh3nc6pd0fyls1ga";
    for (int i = 0; i < N; i++) {
        sample_report(arena, &s[i]);
        s[i].request.input = s[i].request.domain = arena_printf(arena, "n%d.example.com", i);
        s[i].request.token = value;
        s[i].findings[0].summary = "It holds R5T8WQ2K9XV4BM7JZH3NC6PD0FYLS1GA, not r5t8wq2k9xv4bm7jzh3nc6pd0fyls1ga|.";
        all[i] = &s[i].report;
    }
    s[0].report.verdict = s[1].report.verdict = VERDICT_PASS;
    s[0].report.n_findings = s[1].report.n_findings = 0;
    s[0].report.error = s[1].report.error = (struct code_error){0};
    struct buf b = {0};
    assert_int_equal(render_nagios(&b, arena, all, 3), 2);
    char *out = arena_strndup(arena, b.p, b.n);
    char *first = strchr(out, '\n') + 1, *second = strchr(first, '\n') + 1, *third = strchr(second, '\n') + 1;
    holds(out, "DCV CRITICAL - 1 of 3 domains: n2.example.com dns-txt-token invalid_dns_txt: It holds REDACTED");
    assert_memory_equal(first, "CRITICAL n2.example.com ", 24);
    assert_memory_equal(second, "OK n0.example.com ", 18);
    assert_memory_equal(third, "OK n1.example.com ", 18);
    assert_null(strcasestr(out, value));
    assert_null(strchr(first, '|'));
    b.n = 0;
    render_nagios(&b, arena, all, 1);
    assert_int_equal(strcspn(arena_strndup(arena, b.p, b.n), "\n"), b.n - 1);
    b.n = 0;
    render_nagios(&b, arena, all, N);
    holds(arena_strndup(arena, b.p, b.n), "\nand 3 more\n");
    buf_free(&b);
}

/* How many days what passes stays valid: a random value since the day of its issue, a request token since its time
 * stamp, and the first of the domain's signatures that expires. */
static void nagios_days(void **state)
{
    (void)state;
    const int64_t day = 86400000;
    struct sample s;
    sample_report(arena, &s);
    s.report.verdict = VERDICT_PASS;
    s.report.n_findings = 0;
    s.request.issued = SAMPLE_NOW - 12 * day - day / 2;
    holds(status_line(&s.report, 0), " questions=5;;;0 token_days=17.50;;0:;;30\n");
    s.report.challenge = CHALLENGE_REQUEST_TOKEN;
    s.request.token = NULL;
    s.request.issued = TIME_UNKNOWN;
    s.request.auth_key = (struct bytes){(const uint8_t *)"key", 3};
    s.request.csr = (struct bytes){(const uint8_t *)"csr", 3};
    char stamp[TOKEN_STAMP + 1], token[TOKEN_LENGTH + 1];
    time_stamp(SAMPLE_NOW - 3 * day, stamp);
    assert_int_equal(token_compute(stamp, s.request.auth_key, s.request.csr, token), 0);
    struct rr *rr = s.evidence.facts[0]->dns.answer.v;
    sample_rr(arena, &rr[0], "_dnsauth.example.com.", RR_TXT, arena_printf(arena, "\"%s\"", token));
    assert_null(strstr(status_line(&s.report, 0), "signature_days"));
    sample_rr(arena, &rr[1], "example.com.", RR_RRSIG,
              "TXT 13 2 60 20261201000000 20261101000000 1 example.com. AAAA");
    sample_rr(arena, &rr[2], "com.", RR_RRSIG, "DS 13 1 60 20261123000000 20261101000000 1 com. AAAA");
    holds(status_line(&s.report, 0), " token_days=27.00;;0:;;30 signature_days=8.50;;0:;\n");
    sample_rr(arena, &rr[1], "example.com.", RR_RRSIG,
              "TXT 13 2 60 20261122115959 20261101000000 1 example.com. AAAA");
    holds(status_line(&s.report, 0), " signature_days=-0.01;;0:;\n"); /* since a second ago */
    s.report.verdict = VERDICT_FAIL;
    assert_null(strstr(status_line(&s.report, 2), "token_days"));
}

static void nagios(void **state)
{
    (void)state;
#define PERF(blocking, risk, asked)                                                                          \
    "|time=0.041s;;;0;0.500 blocking=" blocking ";;0;0 risk=" risk ";0;;0 note=0;;;0 questions=" asked       \
    ";;;0\n"
    struct sample bad, risky, fine, unknown;
    sample_report(arena, &bad);
    sample_report(arena, &risky);
    sample_report(arena, &fine);
    sample_report(arena, &unknown);
    bad.findings[0].summary = "a | b\nc";
    risky.report.verdict = fine.report.verdict = VERDICT_PASS;
    risky.report.error.code = fine.report.error.code = CODE_NONE;
    fine.report.n_findings = 0;
    fine.request.issued = risky.request.issued = TIME_UNKNOWN;
    risky.report.findings++;
    risky.report.n_findings = 1;
    unknown.report.verdict = VERDICT_UNDECIDED;
    unknown.report.error.code = CODE_NONE;
    unknown.report.reason = "no resolver answers";
    const struct report *all[] = {&fine.report, &risky.report, &unknown.report, &bad.report};
    static const struct {
        size_t from, n;
        int status;
        const char *line;
    } rows[] = {
        {0, 1, 0, "DCV OK - *.Shop.Example.com dns-txt-token pass" PERF("0", "0", "5")},
        {0, 2, 1,
         "DCV WARNING - 1 of 2 domains: *.Shop.Example.com dns-txt-token pass: A second one." PERF("0", "1",
                                                                                                  "10")},
        {0, 3, 3,
         "DCV UNKNOWN - 1 of 3 domains: *.Shop.Example.com dns-txt-token undecided: no resolver "
         "answers" PERF("1", "2", "15")},
        {0, 4, 2,
         "DCV CRITICAL - 1 of 4 domains: *.Shop.Example.com dns-txt-token invalid_dns_txt: a / "
         "b\\x0ac" PERF("2", "3", "20")},
        {0, 0, 3,
         "DCV UNKNOWN - no check was made|time=0.000s;;;0 blocking=0;;0;0 risk=0;0;;0 note=0;;;0 "
         "questions=0;;;0\n"},
    };
#undef PERF
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        assert_int_equal(render_nagios(&b, arena, all + rows[i].from, rows[i].n), rows[i].status);
        assert_int_equal(strncmp(b.p, rows[i].line, strlen(rows[i].line)), 0); /* the long output follows */
        buf_free(&b);
    }
}

/* A shell reads the quoted word, and the result must be the text again. */
static void quoting(void **state)
{
    (void)state;
    static const char *const texts[] = {"plain",    "",
                                        "a b",      "it's",
                                        "'",        "$(id)`id`\"\\",
                                        "~root",    "*?[x]",
                                        "-n",       "m\xc3\xbcnchen",
                                        "\x1b[31m", "\xc2\x9b",
                                        "\xff\xfe", "a;b|c&d<e>f#g!h"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *word = shell_quote(arena, texts[i]);
        for (const char *p = word; *p; p++)
            assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
        char got[100] = "";
        FILE *f = popen(arena_printf(arena, "LC_ALL=C printf '%%s' %s", word), "r");
        assert_non_null(f);
        size_t n = fread(got, 1, sizeof got - 1, f);
        got[n] = '\0';
        assert_int_equal(pclose(f), 0);
        assert_string_equal(got, texts[i]);
    }
}

/* The line is one command with exactly these words, as a shell reads it that has printf in the place of the program. */
static void one_command(const struct ask *q, const char *server, const char *const *words)
{
    struct fact f = {.ask = q, .dns = {.server = server}};
    char *line = reproduce_command(arena, NULL, &f), got[2000] = "";
    assert_non_null(line);
    const char *rest = strchr(line, ' ');
    FILE *p = popen(arena_printf(arena, "LC_ALL=C printf '%%s\\n'%s 2>&1", rest), "r");
    assert_non_null(p);
    got[fread(got, 1, sizeof got - 1, p)] = '\0';
    assert_int_equal(pclose(p), 0);
    struct buf wanted = {0};
    for (; *words; words++)
        buf_printf(&wanted, "%s\n", *words);
    assert_string_equal(got, wanted.p);
    buf_free(&wanted);
}

static void reproducing(void **state)
{
    (void)state;
    static const char *const hostile[] = {"a;id.example.",   "$(id).example.",   "`id`.example.",
                                          "a'b\"c.example.", "a\\032b.example.", "*.example.",
                                          "a&b|c.example.",  "~root.example.",   "#x.example.",
                                          "a\\.b.example.",  "!!.example.",      "<>.example."};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct ask dns = {.kind = ASK_DNS, .qname = hostile[i], .qtype = RR_TXT, .cd = true, .tcp = true};
        one_command(&dns, "192.0.2.53:53",
                    (const char *const[]){"+cdflag", "+tcp", "@192.0.2.53", hostile[i], "TXT", NULL});
        char *url = arena_printf(arena, "http://example.com/%s?a=$HOME&b=%%20", hostile[i]);
        struct ask http = {.kind = ASK_HTTP, .url = url, .address = "[2001:db8::1]:80", .browser = true};
        one_command(&http, NULL,
                    (const char *const[]){"-sS", "-i", "-m", "10", "-A", "Mozilla/5.0", "--connect-to",
                                          "::[2001:db8::1]:80", "-o", "-", url, NULL});
    }
    struct ask udp = {.kind = ASK_DNS, .qname = "example.com.", .qtype = RR_TXT};
    struct fact cut = {.ask = &udp, .dns = {.server = "192.0.2.53:53", .flags = DNS_QR | DNS_TC}};
    assert_string_equal(reproduce_command(arena, NULL, &cut), "dig +ignore @192.0.2.53 example.com. TXT");
    /* A name that dig would take for an option or a server; and a server with an unusual port. */
    struct ask odd = {.kind = ASK_DNS,
                      .via = VIA_AUTHORITATIVE,
                      .qname = "-f/etc/passwd.",
                      .qtype = RR_CAA,
                      .server = "[2001:db8::53]:5353"};
    one_command(&odd, NULL,
                (const char *const[]){"+norecurse", "@2001:db8::53", "-p", "5353", "-q", "-f/etc/passwd.",
                                      "-t", "CAA", NULL});
    /* For an answer that the resolver refuses, a second command (delv) says which signature does not hold. */
    struct ask chain = {.kind = ASK_DNS, .qname = "a;b.example.", .qtype = RR_TXT, .cd = true, .dnssec = true};
    struct fact f = {.ask = &chain, .dns = {.server = "192.0.2.53:5353"}};
    assert_string_equal(reproduce_command(arena, NULL, &f),
                        "dig +cdflag +dnssec @192.0.2.53 -p 5353 'a;b.example.' TXT; "
                        "delv +cdflag @192.0.2.53 -p 5353 'a;b.example.' TXT");
    chain.qtype = RR_DNSKEY;
    assert_string_equal(reproduce_command(arena, NULL, &f),
                        "dig +cdflag +dnssec @192.0.2.53 -p 5353 'a;b.example.' DNSKEY");
}

/* A fact of the recursive observer is reproduced with libunbound's own command, with or without its validator. */
static void from_the_root(void **state)
{
    (void)state;
    struct ask ask = {.kind = ASK_DNS, .via = VIA_RESOLVER, .qname = "-a.example.com.", .qtype = RR_TXT};
    struct fact fact = {.ask = &ask, .dns = {.server = "recursive"}};
    assert_string_equal(reproduce_command(arena, NULL, &fact), "unbound-host -v -D -t TXT -- -a.example.com.");
    ask.cd = true;
    ask.qname = "a.example.com.";
    assert_string_equal(reproduce_command(arena, NULL, &fact), "unbound-host -v -t TXT a.example.com.");
    ask.qname = "$(id)'a.example.com.";
    one_command(&ask, "recursive", (const char *const[]){"-v", "-t", "TXT", ask.qname, NULL});
    ask.qname = "a.example.com.";
    fact.dns.server = "192.0.2.53:53";
    assert_string_equal(reproduce_command(arena, NULL, &fact), "dig +cdflag @192.0.2.53 a.example.com. TXT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing),        cmocka_unit_test(for_a_person),
        cmocka_unit_test(other_verdicts), cmocka_unit_test(nagios),
        cmocka_unit_test(nagios_hostile), cmocka_unit_test(nagios_days),    cmocka_unit_test(nagios_long),
        cmocka_unit_test(quoting),
        cmocka_unit_test(for_programs),   cmocka_unit_test(reproducing),    cmocka_unit_test(from_the_root),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
