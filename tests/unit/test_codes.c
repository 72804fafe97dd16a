/* The catalogue of codes, compared with codes.expected, and every spelling in which a code is found. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/json_catalogue.h"
#include "model/codes.h"
#include "show/catalogue.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    *state = arena_new(1 << 20);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* ---------------------------------------------------------------- the rows ---------------------------- */

static void rows_are_those_of_the_list(void **state)
{
    (void)state;
    char path[4096], line[512];
    const char *cases = getenv("CASES");
    assert_non_null(cases);
    snprintf(path, sizeof path, "%.*s/unit/codes.expected", (int)(strrchr(cases, '/') - cases), cases);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    enum code c = CODE_NONE;
    while (fgets(line, sizeof line, f)) {
        if (*line == '#')
            continue;
        char code[128], class[16];
        int status, variables;
        assert_int_equal(sscanf(line, "%127[^\t]\t%d\t%d\t%15s", code, &status, &variables, class), 4);
        const struct code_info *i = code_info(++c);
        assert_non_null(i);
        assert_string_equal(i->code, code);
        assert_int_equal(i->status, status);
        assert_int_equal(i->variables, variables);
        assert_string_equal(code_class_name(i->class), class);
    }
    fclose(f);
    assert_int_equal(c, CODE_COUNT);
    assert_null(code_info(CODE_COUNT + 1));
}

/* The codes that the API's document does not list say so, and where they were seen; no other does. */
static void what_is_not_documented_says_so(void **state)
{
    (void)state;
    struct buf b = {0};
    codes_table(&b, false, 0);
    for (enum code c = 1; code_info(c); c++) {
        const struct code_info *i = code_info(c);
        assert_int_equal(i->basis == BASIS_SEEN, i->seen != NULL);
        if (i->seen) {
            assert_in_range(strlen(i->seen), 20, 200);
            assert_non_null(strstr(b.p, i->seen));
        }
    }
    buf_free(&b);
}

static void is_a_text(const char *s, size_t most)
{
    assert_in_range(strlen(s), 20, most);
    assert_true(s[strlen(s) - 1] == '.' || s[strlen(s) - 1] == ')');
    for (; *s; s++)
        assert_in_range(*s, ' ', '~');
}

static void each_text_is_said_once(void **state)
{
    (void)state;
    for (enum code c = 1; code_info(c); c++) {
        const struct code_info *i = code_info(c);
        is_a_text(i->message, 120);
        is_a_text(i->meaning, 400);
        is_a_text(i->check, 400);
        assert_null(strstr(i->message, i->code));
        if (i->class == CLASS_ACCOUNT)
            assert_non_null(strstr(i->meaning, "Only the CA can see"));
        for (enum code d = c + 1; code_info(d); d++) {
            assert_string_not_equal(i->message, code_info(d)->message);
            assert_string_not_equal(i->meaning, code_info(d)->meaning);
            assert_string_not_equal(i->check, code_info(d)->check);
        }
    }
}

/* ---------------------------------------------------------------- finding ---------------------------- */

static void every_code_is_found_as_written(void **state)
{
    struct arena *a = *state;
    for (enum code c = 1; code_info(c); c++) {
        const char *v[2];
        assert_int_equal(code_find(a, code_info(c)->code, v), c);
        assert_string_equal(v[0], "");
        assert_int_equal(code_find(a, code_info(c)->spelling, v), c);
        assert_string_equal(v[0], "");
        assert_string_equal(v[1], "");
        if (!code_info(c)->variables)
            continue;
        struct code_error e = {c, {"shop.example.com", code_info(c)->variables > 1 ? "b.example" : NULL}};
        assert_int_equal(code_find(a, code_text(a, &e), v), c);
        assert_string_equal(v[0], "shop.example.com");
        assert_string_equal(v[1], code_info(c)->variables > 1 ? "b.example" : "");
    }
}

static void spellings(void **state)
{
    static const struct {
        const char *text;
        enum code code;
        const char *v0, *v1;
    } cases[] = {
        {"dns_mismatch|shop.example.com", CODE_dns_mismatch, "shop.example.com", ""},
        {"dns_mismatch%7Cshop.example.com", CODE_dns_mismatch, "shop.example.com", ""},
        {"DNS_MISMATCH%7cShop.Example.com", CODE_dns_mismatch, "Shop.Example.com", ""},
        {" \t\"dns_mismatch|shop.example.com\",\r\n", CODE_dns_mismatch, "shop.example.com", ""},
        {"\xe2\x80\x9c"
         "dns_mismatch"
         "\xe2\x80\x9d",
         CODE_dns_mismatch, "", ""},
        {"dns_mismatch | shop.example.com", CODE_NONE, "", ""},
        {"dns_mismatch|", CODE_dns_mismatch, "", ""},
        {"dns_mismatches", CODE_NONE, "", ""},
        {"dns_invalid_domain|a|b%20c", CODE_dns_invalid_domain, "a|b%20c", ""},
        {"invalid_dns_txt|shop.example.com", CODE_invalid_dns_txt, "shop.example.com", ""},
        {"not_found", CODE_not_found, "", ""},
        {"not_found|order", CODE_not_found_order, "", ""},
        {"not_found%7Corder", CODE_not_found_order, "", ""},
        {"not_found|order|123", CODE_not_found_order, "123", ""},
        {"not_found|ordering", CODE_not_found, "ordering", ""},
        {"access_denied", CODE_NONE, "", ""},
        {"access_denied%7Cinvalid_approver", CODE_access_denied_invalid_approver, "", ""},
        {"auth_key_not_setup|shop.example.com", CODE_auth_key_not_setup, "shop.example.com", ""},
        {"invalid_value", CODE_invalid_value, "", ""},
        {"invalid_value:depth", CODE_invalid_value, "depth", ""},
        {"invalid_value%3Adepth", CODE_invalid_value, "depth", ""},
        {"invalid_value:<param.name>", CODE_invalid_value, "", ""},
        {"invalid_value:validity_years", CODE_invalid_value_validity_years, "", ""},
        {"Invalid_Value:Validity_Years", CODE_invalid_value_validity_years, "", ""},
        {"required_param", CODE_required_param, "", ""},
        {"required_param:container.id", CODE_required_param, "container.id", ""},
        {"required_params", CODE_NONE, "", ""},
        {"domains_not_prevalidated|a.example|b.example", CODE_domains_not_prevalidated, "a.example",
         "b.example"},
        {"domains_not_prevalidated|variable|variable", CODE_domains_not_prevalidated, "", ""},
        {"", CODE_NONE, "", ""},
        {"\"\"", CODE_NONE, "", ""},
        {"%7C", CODE_NONE, "", ""},
        {"caa", CODE_NONE, "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *v[2];
        print_message("%s\n", cases[i].text);
        assert_int_equal(code_find(*state, cases[i].text, v), cases[i].code);
        assert_string_equal(v[0], cases[i].v0);
        assert_string_equal(v[1], cases[i].v1);
        assert_int_equal(code_find(*state, cases[i].text, NULL), cases[i].code);
    }
}

static void nearest(void **state)
{
    (void)state;
    enum code near[3];
    static const struct {
        const char *text;
        enum code first;
    } cases[] = {
        {"dns_missmatch", CODE_dns_mismatch},
        {"dns_missmatch|a.very.long.name.that.has.nothing.to.do.with.it.example.com", CODE_dns_mismatch},
        {"DNS-Mismatch", CODE_dns_mismatch},
        {"access_denied", CODE_access_denied_missing_permission},
        {"access_denied|invalid_aprover", CODE_access_denied_invalid_approver},
        {"notfound|order", CODE_not_found_order},
        {"caa not found", CODE_caa_not_found},
        {"invalid_txt", CODE_invalid_dns_txt},
        {"required_parm:domain", CODE_required_param},
        {"file_random_value", CODE_file_random_value_not_found},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = code_nearest(cases[i].text, near, 3);
        print_message("%s: %s\n", cases[i].text, n ? code_info(near[0])->code : "-");
        assert_in_range(n, 1, 3);
        assert_int_equal(near[0], cases[i].first);
    }
    assert_int_equal(code_nearest("qqqqqqqq", near, 3), 0);
    assert_int_equal(code_nearest("", near, 3), 0);
    assert_int_equal(code_nearest("dns_mismatch", near, 0), 0);
    assert_int_equal(code_nearest("caa", near, 3), 3);
}

/* ---------------------------------------------------------------- the lists --------------------------- */

static json_t *parsed(struct buf *b)
{
    assert_false(b->failed);
    json_error_t e;
    json_t *j = json_loadb(b->p, b->n, JSON_REJECT_DUPLICATES, &e);
    if (!j)
        print_message("%s\n%s\n", e.text, b->p);
    assert_non_null(j);
    buf_free(b);
    return j;
}

static const char *member(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void lists_as_json(void **state)
{
    (void)state;
    struct buf b = {0};
    struct json_out j = {.b = &b};
    json_write_codes(&j, NULL);
    json_t *o = parsed(&b);
    assert_int_equal(json_array_size(o), CODE_COUNT);
    assert_string_equal(member(json_array_get(o, CODE_dns_mismatch - 1), "spelling"),
                        "dns_mismatch|variable");
    json_decref(o);

    b = (struct buf){0};
    j = (struct json_out){.b = &b};
    json_write_causes(&j, NULL);
    o = parsed(&b);
    assert_int_equal(json_array_size(o), CAUSE_COUNT);
    assert_string_equal(member(json_array_get(o, 0), "id"), cause_info(1)->id);
    assert_int_equal(json_array_size(json_object_get(json_array_get(o, CAUSE_name_invalid - 1), "methods")),
                     METHOD_COUNT);
    assert_string_equal(member(json_array_get(o, CAUSE_name_invalid - 1), "who_acts"), "requester");
    json_decref(o);
}

/* Each cause has somebody who acts, each of them is needed, and a name leads back to its actor. */
static void every_cause_names_who_acts(void **state)
{
    (void)state;
    unsigned seen = 0, listed = 0;
    for (enum cause c = 1; cause_info(c); c++) {
        enum actor who = cause_info(c)->who_acts, read = ACTOR_NONE;
        assert_int_not_equal(who, ACTOR_NONE);
        assert_true(actor_parse(actor_name(who), &read));
        assert_int_equal(read, who);
        seen |= 1u << who;
    }
#define X(sym, text, words)                                                                                  \
    assert_string_equal(actor_name(sym), text);                                                              \
    assert_string_equal(actor_words(sym), words);                                                            \
    listed |= 1u << sym;
    DCV_ACTORS(X)
#undef X
    assert_int_equal(seen, listed);
    enum actor untouched = ACTOR_CA;
    assert_false(actor_parse("zone_owner", &untouched) || actor_parse("", &untouched));
    assert_int_equal(untouched, ACTOR_CA);
    assert_null(actor_name(ACTOR_NONE));
    assert_null(actor_words(ACTOR_NONE));
}

/* One cause of each kind, and beside it the one that is most easily taken for it. */
static void who_acts(void **state)
{
    (void)state;
    static const struct {
        const char *cause, *who;
    } rows[] = {
        {"txt-absent", "zone-owner"},           {"txt-token-expired", "requester"},
        {"delegation-lame", "dns-provider"},    {"name-not-registered", "registrar"},
        {"dnssec-expired", "dns-provider"},     {"dnssec-ds-without-dnskey", "registrar"},
        {"nameservers-disagree", "dns-provider"}, {"resolver-stale", "network"},
        {"file-absent", "web-host"},            {"file-no-address", "zone-owner"},
        {"file-bot-challenge", "web-host"},     {"file-token-in-url", "requester"},
        {"target-not-allowed", "ca"},           {"target-malformed", "zone-owner"},
        {"caa-excludes-ca", "zone-owner"},      {"caa-timeout", "dns-provider"},
        {"dns-edns-broken", "dns-provider"},    {"wildcard-with-file", "requester"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(actor_name(cause_info(cause_find(rows[i].cause))->who_acts), rows[i].who);
}

static size_t count(const char *s, char c)
{
    size_t n = 0;
    for (; *s; s++)
        n += *s == c;
    return n;
}

static void tables_have_a_line_for_each_row(void **state)
{
    (void)state;
    struct buf b = {0};
    codes_table(&b, false, 0);
    assert_int_equal(count(b.p, '\n'), CODE_COUNT + 1);
    assert_non_null(
        strstr(b.p, "\ninvalid_dns_txt                             400     probe    documented  No TXT"));
    buf_free(&b);
    b = (struct buf){0};
    causes_table(&b, true, 0);
    assert_int_equal(count(b.p, '\n'), CAUSE_COUNT + 1);
    assert_ptr_equal(strstr(b.p, "\033[1mcause "), b.p);
    assert_non_null(strstr(b.p, "\nname-invalid "));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_the_list),
        cmocka_unit_test(what_is_not_documented_says_so),
        cmocka_unit_test(each_text_is_said_once),
        cmocka_unit_test(every_code_is_found_as_written),
        cmocka_unit_test(spellings),
        cmocka_unit_test(nearest),
        cmocka_unit_test(lists_as_json),
        cmocka_unit_test(every_cause_names_who_acts),
        cmocka_unit_test(who_acts),
        cmocka_unit_test(tables_have_a_line_for_each_row),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
