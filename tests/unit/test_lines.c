/* Requests read from CSV and NDJSON, whose text comes in pieces of any size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/lines.h"

#include <errno.h>
#include <string.h>

/* Reads the text in pieces. Returns "2 shop.com methods token adn|…", a part for each line, with the error at the
 * end. */
static char *read_all(struct arena *a, const char *text, size_t piece, const struct given_list *defaults)
{
    struct lines *l = lines_new(defaults, NULL);
    struct line line;
    struct request r;
    const char *why = NULL;
    char *said = arena_strdup(a, "");
    size_t n = strlen(text), at = 0;
    int rc;
    assert_non_null(l);
    for (;;) {
        rc = lines_next(l, a, &line, &why);
        if (!rc && at == n + 1)
            break;
        if (!rc) {
            size_t k = n - at < piece ? n - at : piece;
            lines_feed(l, text + at, k);
            at += k;
            if (at == n) {
                lines_end(l);
                at++;
            }
            continue;
        }
        if (rc == 1) {
            struct request cheap = {0};
            const char *same = NULL;
            int checked = line_check(l, &line, a, 1790000000000, &cheap, &same);
            rc = line_request(l, &line, a, 1790000000000, &r, &why);
            assert_int_equal(checked, rc);
            if (rc)
                assert_string_equal(same, why);
            else
                assert_int_equal(cheap.methods, r.methods);
        }
        if (rc) {
            assert_int_equal(rc, -EINVAL);
            said = arena_printf(a, "%s%zu: %s", said, line.number, why);
            break;
        }
        said = arena_printf(a, "%s%zu %s %x %s %s|", said, line.number, r.input, r.methods,
                            r.token ? r.token : "-", r.adn);
    }
    lines_free(l);
    return said;
}

static void expect(const char *text, const struct given_list *defaults, const char *expected)
{
    struct arena *a = arena_new(0);
    for (size_t piece = 1; piece < 9; piece += 7)
        assert_string_equal(read_all(a, text, piece, defaults), expected);
    assert_string_equal(read_all(a, text, 1 << 20, defaults), expected);
    arena_free(a);
}

static const struct given_list none;

static void csv(void **state)
{
    (void)state;
    expect("a.com,caa,x\r\n\r\n \"b.com\" ,caa\n", &none,
           "1 a.com 40 x a.com|3: a quote stands within a field; expected the whole field in quotes, and "
           "those within it doubled");
    expect("\xef\xbb\xbf\n\n\"a.com\",\"caa dns-txt-token\",\"say\"\"so\"\n  b.com , caa\nc.com,caa,", &none,
           "3 a.com 41 say\"so a.com|4 b.com 40 - b.com|5 c.com 40 - c.com|");
    /* Column names in any order; a line end within quotes counts in line numbers. */
    expect("Token,DOMAIN,adn,method\nt,x.a.com,a.com,caa\n,\"b\n.com\",,caa\n,c.com,,caa\n", &none,
           "2 x.a.com 40 t a.com|3 b\n.com 40 - (null)|5 c.com 40 - c.com|");
    /* Columns of the user's own mean nothing here, unless they are slips of those that do. */
    expect("color,domain,order\nred,a.com,7\n", &none, "2 a.com 40 - a.com|");
    expect("domain,tokn\na.com,red\n", &none,
           "1: line 1: the column 'tokn' may be meant as token, or as your own; expected columns such as "
           "domain, "
           "method, token, adn, filename, issued, or other names than theirs");
    expect(
        "domain,domain\n", &none,
        "1: line 1: the column 'domain' stands twice; expected columns such as domain, method, token, adn, "
        "filename, issued, or other names than theirs");
    expect("domain,auth_key_file\n", &none,
           "1: line 1: the column 'auth_key_file' holds what is never in a file of requests; expected "
           "columns such as "
           "domain, method, token, adn, filename, issued, or other names than theirs");
    /* Separators: what the first row has most of. */
    expect("a.com;caa;x\n", &none, "1 a.com 40 x a.com|");
    expect("domain;method;note\r\na.com;caa,dns-txt-token;a, b\r\n\"b.com\";CAA;\"x;y\"\r\n", &none,
           "2 a.com 41 - a.com|3 b.com 40 - b.com|");
    expect("\xef\xbb\xbf"
           "domain\ttoken\na.com\tx\n",
           &none, "2 a.com 4b x a.com|");
    expect("a.com\nb.com;caa;x\n", &none,
           "1 a.com 40 - a.com|2: it has 1 field, not 3; expected a comma between the fields");
    expect("a.com,caa\n# b.com\n", &none,
           "1 a.com 40 - a.com|2: it begins with #; comments are not taken, expected a request in each line");
    expect("PK\3\4\24x", &none,
           "1: it is a spreadsheet or another ZIP archive, as .xlsx and .ods files are; expected CSV: save "
           "it as CSV "
           "(UTF-8)");
    expect("\xff\xfe"
           "d\0o\0",
           &none, "1: it is in UTF-16; expected UTF-8: iconv -f UTF-16 -t UTF-8 FILE");
    expect("a.com,caa,x,y\n", &none, "1: it has 4 fields, not 3; expected a comma between the fields");
    expect("a.com,\"caa", &none, "1: a quoted field has no end; expected \"…\", quotes within it doubled");
    expect("a.com,caa\nb.com,cab\n", &none,
           "1 a.com 40 - a.com|2: methods: 'cab' is not accepted; expected dns-txt-token, dns-cname-token, "
           "dns-cname-target, http-token, http-token-dynamic, dns-persist, caa");
    expect("domain,method\n,caa\n", &none, "2: domain: missing; expected the domain to check");
    expect("", &none, "");
    expect("\n \n", &none, "");
}

static void ndjson(void **state)
{
    (void)state;
    expect("{\"domain\":\"a.com\",\"methods\":[\"caa\"]}\r\n\n {\"domain\":\"b.com\",\"method\":\"caa\"}",
           &none, "1 a.com 40 - a.com|3 b.com 40 - b.com|");
    expect("{\"domain\":\"a.com\"}\n{\"domain\":\"b.com\",\"depth\":\"deep\"}\n", &none,
           "1 a.com 40 - a.com|2: depth: 'deep' is not accepted; expected quick, full");
    expect("{\"domain\":}\n", &none, "1: column 11: unexpected token near '}'");
    expect("{\"domain\":\"a.com\",\"resolver\":[\"192.0.2.1\"]}\n", &none,
           "1: resolver, allow_net: they are the same for all lines; expected on the command line");
}

/* A field of a line, lists included, replaces the default, and for that line only. */
static void defaults(void **state)
{
    (void)state;
    struct given v[] = {{request_field_find("methods"), "dns-txt-token", 13},
                        {request_field_find("token"), "t0", 2},
                        {request_field_find("resolver"), "192.0.2.1", 9}};
    const struct given_list some = {v, 3};
    expect("a.com\nb.com,caa\nc.com,,t1\n", &some,
           "1 a.com 1 t0 a.com|2 b.com 40 t0 b.com|3 c.com 1 t1 c.com|");
    expect("{\"domain\":\"a.com\"}\n{\"domain\":\"b.com\",\"method\":\"caa\",\"token\":\"t1\"}\n", &some,
           "1 a.com 1 t0 a.com|2 b.com 40 t1 b.com|");
    /* An identifier of the command line and a CA of the line are two CAs; a line may name another CA. */
    struct given issuer = {request_field_find("issuer"), "ca.example", 10},
                 ca = {request_field_find("ca"), "Sectigo", 7};
#define TWO                                                                                                          \
    "issuer: 'ca.example' is not accepted; expected either a CA by its name or identifiers, not both: "              \
    "Sectigo has its own ones"
    expect("{\"domain\":\"a.com\",\"ca\":\"Sectigo\"}\n", &(struct given_list){&issuer, 1}, "1: " TWO);
    expect("domain,ca\nb.com,\na.com,Sectigo\n", &(struct given_list){&issuer, 1}, "2 b.com 40 - b.com|3: " TWO);
    expect("{\"domain\":\"a.com\",\"issuer\":\"ca.example\"}\n", &(struct given_list){&ca, 1}, "1: " TWO);
    expect("domain,ca\na.com,GlobalSign\n", &(struct given_list){&ca, 1}, "2 a.com 40 - a.com|");
#undef TWO
}

static void key_of(const char *text, enum method m, char key[LINE_KEY + 1])
{
    struct lines *l = lines_new(&none, NULL);
    struct arena *a = arena_new(0);
    struct line line;
    struct request r;
    const char *why;
    lines_feed(l, text, strlen(text));
    lines_end(l);
    assert_int_equal(lines_next(l, a, &line, &why), 1);
    assert_int_equal(line_request(l, &line, a, 1790000000000, &r, &why), 0);
    line_key(&line, m, key);
    lines_free(l);
    arena_free(a);
}

static void keys(void **state)
{
    (void)state;
    char one[LINE_KEY + 1], other[LINE_KEY + 1];
    key_of("a.com,caa,t\n", METHOD_CAA, one);
    key_of("\"a.com\", caa ,t", METHOD_CAA, other);
    assert_string_equal(one, other); /* the same request in another form */
    key_of("a.com,caa,t\n", METHOD_HTTP_TOKEN, other);
    assert_string_not_equal(one, other);
    key_of("a.com,caa,u\n", METHOD_CAA, other);
    assert_string_not_equal(one, other);
    key_of("a.comcaa,,t\n", METHOD_CAA, other);
    assert_string_not_equal(one, other);
}

static void too_long(void **state)
{
    (void)state;
    struct lines *l = lines_new(&none, NULL);
    struct arena *a = arena_new(0);
    struct line line;
    const char *why = "";
    static char piece[65536];
    memset(piece, 'a', sizeof piece);
    int rc = 0;
    for (size_t n = 0; !rc && n <= LINE_MOST; n += sizeof piece) {
        lines_feed(l, piece, sizeof piece);
        rc = lines_next(l, a, &line, &why);
    }
    assert_int_equal(rc, -EINVAL);
    assert_string_equal(why, "line 1: it is longer than 1048576 bytes; expected one request a line");
    lines_free(l);
    arena_free(a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv),  cmocka_unit_test(ndjson),   cmocka_unit_test(defaults),
        cmocka_unit_test(keys), cmocka_unit_test(too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
