/* ca/persist.c: the record of dns-persist, in both forms of the account, and the record that replaces it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ca/persist.h"
#include "ca/profile.h"
#include "model/time.h"

#define URI "https://ca.example/acct/123"
#define THUMBPRINT "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
#define PREFIX "https://ca.example/account-hash/"
/* draft-ietf-acme-dns-persist-02, 10.2 */
#define HASH "5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw"
#define HASHED PREFIX "sha-256/" HASH

static struct arena *a;
static struct profile hashing;
static struct request r;

static int setup(void **state)
{
    (void)state;
    a = arena_new(0);
    hashing = *profile_builtin();
    hashing.persist_hashed = (struct dated_rows){{{TIME_UNKNOWN, true}}, 1};
    hashing.persist_prefix = PREFIX;
    r = (struct request){.profile = profile_builtin(),
                         .input = "example.com",
                         .domain = "example.com",
                         .adn = "example.com",
                         .account_uri = URI,
                         .now = INT64_C(1795348800000)};
    return a ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static struct persist_record reading(const char *text)
{
    struct persist_record p;
    assert_int_equal(persist_read(a, &r, (struct bytes){(const uint8_t *)text, strlen(text)}, &p), 0);
    return p;
}

static void the_vector_of_the_draft(void **state)
{
    (void)state;
    assert_string_equal(persist_hashed_account(a, PREFIX, "example.com", THUMBPRINT, URI), HASHED);
    assert_string_not_equal(persist_hashed_account(a, PREFIX, "example.net", THUMBPRINT, URI), HASHED);
    assert_string_not_equal(persist_hashed_account(a, PREFIX, "example.com", THUMBPRINT, URI "4"), HASHED);
}

static void a_ca_that_takes_the_hash(void **state)
{
    const char *missing;
    (void)state;
    r.profile = &hashing;
    assert_null(persist_account(a, &r, &missing));
    assert_non_null(strstr(missing, "--account-thumbprint"));
    r.account_thumbprint = THUMBPRINT;
    assert_string_equal(persist_account(a, &r, &missing), HASHED);
    assert_int_equal(reading("digicert.com; accounturi=" HASHED).faults, 0);
    /* a hash for "*" holds for every domain */
    const char *any = persist_hashed_account(a, PREFIX, "*", THUMBPRINT, URI);
    assert_int_equal(reading(arena_concat(a, "digicert.com; accounturi=", any, NULL)).faults, 0);
    struct persist_record clear = reading("digicert.com; accounturi=" URI);
    assert_int_equal(clear.faults, PERSIST_ACCOUNT);
    assert_true(clear.other_form);
    assert_non_null(strstr(clear.account_fault, "in clear"));
    assert_string_equal(persist_value(a, &r, &clear, TIME_UNKNOWN), "digicert.com; accounturi=" HASHED);
    /* the hashed URI may be given as it is */
    r.account_thumbprint = NULL;
    r.account_uri = HASHED;
    assert_int_equal(reading("digicert.com; accounturi=" HASHED).faults, 0);
    assert_int_equal(reading("digicert.com; accounturi=" URI).faults, PERSIST_ACCOUNT);
}

static void a_ca_that_takes_it_in_clear(void **state)
{
    (void)state;
    struct persist_record other = reading("digicert.com; accounturi=" HASHED);
    assert_int_equal(other.faults, PERSIST_ACCOUNT);
    assert_false(other.other_form); /* whose hash it is cannot be told without the key */
    assert_non_null(strstr(other.account_fault, "as a hash"));
    r.account_thumbprint = THUMBPRINT;
    assert_true(reading("digicert.com; accounturi=" HASHED).other_form);
    assert_string_equal(persist_value(a, &r, &other, TIME_UNKNOWN), "digicert.com; accounturi=" URI);
}

static void what_a_record_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned faults;
        const char *says;
    } rows[] = {
        {"digicert.com; accounturi=" URI, 0, NULL},
        {"\tDIGICERT.com ;ACCOUNTURI = " URI " ; x=y", 0, NULL},
        {"digicert.com; accounturi=" URI "; persistUntil=1795348800", 0, NULL},
        {"digicert.com; accounturi=" URI "; persistUntil=00000000001795348800", 0, NULL},
        {"digicert.com; accounturi=" URI "; persistUntil=1795348799", PERSIST_UNTIL, 
         "held until 2026-11-22 11:59:59 UTC only"},
        {"digicert.com; accounturi=" URI "; persistUntil=-1", PERSIST_UNTIL, "no number"},
        {"digicert.com; accounturi=" URI "; persistUntil=+1900000000", PERSIST_UNTIL, "no number"},
        {"digicert.com; accounturi=" URI "; persistUntil=0x7fffffff", PERSIST_UNTIL, "no number"},
        {"digicert.com; accounturi=" URI "; persistUntil=", PERSIST_UNTIL, "without a value"},
        {"digicert.com; accounturi=" URI "; persistUntil=31556889864403199", 0, NULL},
        {"digicert.com; accounturi=" URI "; persistUntil=31556889864403200", PERSIST_UNTIL, "more seconds than"},
        {"digicert.com; accounturi=" URI "; persistUntil=1111111111111111111111111111111111111111", PERSIST_UNTIL,
         "more seconds"},
        {"digicert.com; accounturi=" URI "; persistuntil=1900000000; persistUntil=1900000000", PERSIST_UNTIL,
         "2 persistUntil"},
        {"digicert.com; accounturi=" URI "; accounturi=" URI, PERSIST_ACCOUNT, "2 accounturi"},
        {"digicert.com; accounturi=", PERSIST_ACCOUNT, "without a value"},
        {"digicert.com", PERSIST_ACCOUNT, "no accounturi"},
        {"digicert.com; accounturi=" URI "/", PERSIST_ACCOUNT, "another account"},
        {"digicert.com; accounturi=" URI "; persistUntil=1 2", PERSIST_MALFORMED, NULL},
        {"digicert.com. ; accounturi=" URI, PERSIST_FOREIGN, NULL},
        {"ca.example; accounturi=" URI, PERSIST_FOREIGN, NULL},
        {"v=spf1 -all", PERSIST_FOREIGN, NULL},
        {"", PERSIST_FOREIGN, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct persist_record p = reading(rows[i].text);
        const char *said = p.account_fault ? p.account_fault : p.until_fault;
        if (rows[i].says && !(said && strstr(said, rows[i].says)))
            fail_msg("%s: says %s", rows[i].text, said ? said : "nothing");
        if (p.faults != rows[i].faults)
            fail_msg("%s: faults %u", rows[i].text, p.faults);
    }
}

static void names_below(void **state)
{
    (void)state;
    r.wildcard = true;
    assert_int_equal(reading("digicert.com; accounturi=" URI).faults, PERSIST_SCOPE);
    assert_int_equal(reading("digicert.com; accounturi=" URI "; Policy=WILDCARD").faults, 0);
    assert_int_equal(reading("digicert.com; accounturi=" URI "; policy=wildcards").faults, PERSIST_SCOPE);
    struct persist_record two = reading("digicert.com; accounturi=" URI "; policy=wildcard; policy=none");
    assert_int_equal(two.faults, PERSIST_SCOPE);
    assert_non_null(strstr(two.scope_fault, "has 2 policy parameters"));
    assert_null(strstr(two.scope_fault, "missing"));
    two = reading("digicert.com; accounturi=" URI "; policy=none");
    assert_non_null(strstr(two.scope_fault, "policy=wildcard is missing"));
    assert_null(reading("digicert.com; accounturi=" URI "; policy=wildcard; policy=WILDCARD").scope_fault);
    r.wildcard = false;
    r.domain = "shop.example.com";
    assert_int_equal(reading("digicert.com; accounturi=" URI).faults, PERSIST_SCOPE);
}

/* What replaces a record keeps what was not wrong with it, and proves control. */
static void the_right_record(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new;
    } rows[] = {
        {"thawte.com; note=a; accounturi=x:y; z=", "thawte.com; accounturi=" URI "; note=a; z="},
        {"digicert.com; accounturi=" URI "; persistUntil=1; note=b",
         "digicert.com; accounturi=" URI "; note=b; persistUntil=1826884800"},
        {"digicert.com; accounturi=" URI "; persistUntil=2000000000; persistUntil=1900000000",
         "digicert.com; accounturi=" URI "; persistUntil=1900000000"},
        {"digicert.com; policy=other", "digicert.com; accounturi=" URI "; policy=other"},
        /* One that breaks the grammar keeps all that is sound, wherever the fault stands. */
        {"digicert.com; accounturi=" URI "; a=1; b=2; bro ken", "digicert.com; accounturi=" URI "; a=1; b=2"},
        {"thawte.com; bro ken; a=1;; b = 2; c=x y; d=;", "thawte.com; accounturi=" URI "; a=1; b=2; d="},
        {"digicert.com a=1; b=2", "digicert.com; accounturi=" URI "; b=2"},
        {"digicert.com; a=1; persistUntil=1900000000; bro ken",
         "digicert.com; accounturi=" URI "; a=1; persistUntil=1900000000"},
        {"digicert.com; a=1; persistUntil=19 00", "digicert.com; accounturi=" URI "; a=1; persistUntil=1826884800"},
        {"digicert.com;", "digicert.com; accounturi=" URI},
        {"ca.example; a=1; bro ken", "digicert.com; accounturi=" URI},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct persist_record old = reading(rows[i].old);
        assert_string_equal(persist_value(a, &r, &old, TIME_UNKNOWN), rows[i].new);
        assert_int_equal(reading(rows[i].new).faults, 0);
    }
    assert_string_equal(persist_value(a, &r, NULL, TIME_UNKNOWN), "digicert.com; accounturi=" URI);
    r.wildcard = true;
    struct persist_record old = reading("digicert.com; policy=other; accounturi=x:y");
    assert_string_equal(persist_value(a, &r, &old, TIME_UNKNOWN), "digicert.com; accounturi=" URI "; policy=wildcard");
    assert_string_equal(persist_value(a, &r, NULL, INT64_C(1900000000000)),
                        "digicert.com; accounturi=" URI "; policy=wildcard; persistUntil=1900000000");
}

static void large_records(void **state)
{
    (void)state;
    struct persist_record p;
    char *text = arena_alloc(a, 65536);
    int n = snprintf(text, 65536, "digicert.com; accounturi=%s", URI);
    for (int i = 0; i < 50; i++)
        n += snprintf(text + n, 65536 - (size_t)n, "; p%d=v", i);
    assert_int_equal(reading(text).faults, 0);
    n += snprintf(text + n, 65536 - (size_t)n, "; long=");
    memset(text + n, 'x', 65000 - (size_t)n);
    assert_int_equal(persist_read(a, &r, (struct bytes){(const uint8_t *)text, 65000}, &p), 0);
    assert_int_equal(p.faults, 0);
    r.wildcard = true;
    assert_int_equal(persist_read(a, &r, (struct bytes){(const uint8_t *)text, 65000}, &p), 0);
    assert_int_equal(p.faults, PERSIST_SCOPE);
    /* a record of the largest size has no room for more: the cure is one without the other parameters */
    assert_string_equal(persist_value(a, &r, &p, TIME_UNKNOWN), "digicert.com; accounturi=" URI "; policy=wildcard");
}

/* The labels of RFC 8657 by which a CAA record permits the method: its section of the rules, and the name with ACME. */
static void labels_for_caa(void **state)
{
    (void)state;
    r.methods = METHOD_BIT(METHOD_DNS_PERSIST) | METHOD_BIT(METHOD_CAA);
    struct texts labels = caa_methods_in_use(a, &r);
    assert_int_equal(labels.n, 2);
    assert_true(texts_have(&labels, "ca-tbr-22"));
    assert_true(texts_have(&labels, "dns-persist-01"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_vector_of_the_draft, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ca_that_takes_the_hash, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ca_that_takes_it_in_clear, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_record_says, setup, teardown),
        cmocka_unit_test_setup_teardown(names_below, setup, teardown),
        cmocka_unit_test_setup_teardown(the_right_record, setup, teardown),
        cmocka_unit_test_setup_teardown(large_records, setup, teardown),
        cmocka_unit_test_setup_teardown(labels_for_caa, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
