/* Cures of CAA sets: what they keep of what the owner restricts, and whom they go on permitting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "carry_out.h"
#include "wire/name.h"
#include "wire/wire.h"

#define SHOP "shop.example.com."
#define WEB ",\"validation_method\":[\"ca-tbr-18\"]"
#define ACCOUNT ",\"caa_account\":\"8\",\"account_uri\":\"https://ca/8\""

enum { SUB = 1, OPEN = 2 };

/* The first cure of the first finding, operation by operation, as in_words() writes it, without the wait at its end. */
static const struct row {
    const char *records[14]; /* owner, value: CAA records */
    const char *domain, *more;
    const char *first;
    unsigned also; /* SUB: shop.example.com is a zone of its own; OPEN: what the record asks for is not given */
} rows[] = {
    /* the first issuewild record asks for what the issue record does */
    {{SHOP, "0 issue \"digicert.com; validationmethods=ca-tbr-7\"", SHOP, "0 issuewild \";\""},
     "*.shop.example.com",
     WEB,
     "[add shop.example.com. CAA 0 issuewild \"digicert.com; validationmethods=ca-tbr-7,ca-tbr-18\" ]",
     0},
    {{SHOP, "0 issue \"digicert.com; accounturi=https://ca/8\"", SHOP, "0 issuewild \"letsencrypt.org\""},
     "*.shop.example.com",
     ACCOUNT,
     "[add shop.example.com. CAA 0 issuewild \"digicert.com; accounturi=https://ca/8\" ]",
     0},
    {{SHOP, "0 issue \"digicert.com\"", SHOP, "0 issuewild \";\""},
     "*.shop.example.com",
     WEB,
     "[add shop.example.com. CAA 0 issuewild \"digicert.com\" ]",
     0},
    {{SHOP, "0 issue \"sectigo.com; validationmethods=ca-tbr-7\"", SHOP, "0 issuewild \";\""},
     "*.shop.example.com",
     WEB,
     "[add shop.example.com. CAA 0 issuewild \"digicert.com\" ]",
     0},
    /* the method in use is not given: what the broken value asked for stays */
    {{SHOP, "0 issue \"digicert.com, letsencrypt.org; validationmethods=dns-01\""},
     "shop.example.com",
     "",
     "[replace shop.example.com. CAA 0 issue \"digicert.com; validationmethods=dns-01\" ]"
     " [add shop.example.com. CAA 0 issue \"letsencrypt.org; validationmethods=dns-01\" ]",
     OPEN},
    /* a value that lists several CAs */
    {{SHOP, "0 issue \"digicert.com; letsencrypt.org\""},
     "shop.example.com",
     "",
     "[replace shop.example.com. CAA 0 issue \"digicert.com\" ]"
     " [add shop.example.com. CAA 0 issue \"letsencrypt.org\" ]",
     0},
    {{SHOP, "0 issue \"letsencrypt.org digicert.com\""},
     "shop.example.com",
     "",
     "[replace shop.example.com. CAA 0 issue \"digicert.com\" ]"
     " [add shop.example.com. CAA 0 issue \"letsencrypt.org\" ]",
     0},
    {{SHOP, "0 issue \"sectigo.com, digicert.com,letsencrypt.org\""},
     "shop.example.com",
     "",
     "[replace shop.example.com. CAA 0 issue \"digicert.com\" ] [add shop.example.com. CAA 0 issue \"sectigo.com\" ]"
     " [add shop.example.com. CAA 0 issue \"letsencrypt.org\" ]",
     0},
    {{SHOP, "0 issue \"https://letsencrypt.org, https://www.digicert.com/\""},
     "shop.example.com",
     "",
     "[replace shop.example.com. CAA 0 issue \"digicert.com\" ]"
     " [add shop.example.com. CAA 0 issue \"letsencrypt.org\" ]",
     0},
    {{SHOP, "0 issue \"DigiCert, Sectigo\""},
     "shop.example.com",
     "",
     "[replace shop.example.com. CAA 0 issue \"digicert.com\" ] [add shop.example.com. CAA 0 issue \"sectigo.com\" ]",
     0},
    {{SHOP, "0 issue \"letsencrypt.org, sectigo.com\""}, /* nothing of it is ours: it stays as it is */
     "shop.example.com",
     "",
     "[add shop.example.com. CAA 0 issue \"digicert.com\" ]",
     0},
    {{SHOP, "128 issuewild \"digicert.com, letsencrypt.org\""}, /* flags and property stay */
     "*.shop.example.com",
     "",
     "[replace shop.example.com. CAA 128 issuewild \"digicert.com\" ]"
     " [add shop.example.com. CAA 128 issuewild \"letsencrypt.org\" ]",
     0},
    {{SHOP, "0 issue \"digicert.com, letsencrypt.org; validationmethods=dns-01\""},
     "shop.example.com",
     WEB,
     "[replace shop.example.com. CAA 0 issue \"digicert.com; validationmethods=dns-01,ca-tbr-18\" ]"
     " [add shop.example.com. CAA 0 issue \"letsencrypt.org; validationmethods=dns-01\" ]",
     0},
    /* parameters */
    {{SHOP, "128 issue \"digicert.com; validationmethods=dns-01; policy=ev\""},
     "shop.example.com",
     WEB,
     "[replace shop.example.com. CAA 128 issue \"digicert.com; validationmethods=dns-01,ca-tbr-18; policy=ev\" ]",
     0},
    {{SHOP, "0 issue \"digicert.com; account=7; validationmethods=dns-01\""},
     "shop.example.com",
     WEB ACCOUNT,
     "[add shop.example.com. CAA 0 issue \"digicert.com; account=8; validationmethods=dns-01,ca-tbr-18\" ]",
     0},
    {{SHOP, "0 issue \"digicert.com; accounturi=https://ca/7\"", SHOP, "0 issue \"letsencrypt.org\""},
     "shop.example.com",
     WEB ACCOUNT,
     "[add shop.example.com. CAA 0 issue \"digicert.com; accounturi=https://ca/8\" ]",
     0},
    {{SHOP, "0 issue \"digicert.com; accounturi=https://ca/7\""}, /* no parameter can hold ours */
     "shop.example.com",
     ",\"account_uri\":\"https://ca/8;\"",
     "[advice    ]",
     0},
    /* properties with a mistake */
    {{SHOP, "0 issue \"letsencrypt.org\"", SHOP, "0 isue \"digicert.com\""},
     "shop.example.com",
     "",
     "[replace shop.example.com. CAA 0 issue \"digicert.com\" ]",
     0},
    {{SHOP, "0 issue \"letsencrypt.org\"", SHOP, "0 issue1 \"digicert.com; validationmethods=ca-tbr-18\""},
     "shop.example.com",
     WEB,
     "[replace shop.example.com. CAA 0 issue \"digicert.com; validationmethods=ca-tbr-18\" ]",
     0},
    {{SHOP, "128 isue \"letsencrypt.org\""}, /* it keeps the CA that it was meant for */
     "shop.example.com",
     "",
     "[replace shop.example.com. CAA 128 issue \"letsencrypt.org\" ]"
     " [add shop.example.com. CAA 0 issue \"digicert.com\" ]",
     0},
    {{SHOP, "0 issue \"letsencrypt.org\"", SHOP, "0 isue \"sectigo.com\""}, /* another's is not in the way */
     "shop.example.com",
     "",
     "[add shop.example.com. CAA 0 issue \"digicert.com\" ]",
     0},
    {{SHOP, "0 issue \"letsencrypt.org\"", SHOP, "0 wildissue \"digicert.com\""}, /* it would shut out the other's */
     "*.shop.example.com",
     "",
     "[add shop.example.com. CAA 0 issue \"digicert.com\" ]",
     0},
    {{SHOP, "0 issuewild \"letsencrypt.org\"", SHOP, "0 wildissue \"digicert.com\""},
     "*.shop.example.com",
     "",
     "[replace shop.example.com. CAA 0 issuewild \"digicert.com\" ]",
     0},
    /* issue and issuewild */
    {{SHOP, "0 issue \"letsencrypt.org\"", SHOP, "0 issuewild \"sectigo.com\""},
     "*.shop.example.com",
     "",
     "[add shop.example.com. CAA 0 issuewild \"digicert.com\" ]",
     0},
    {{SHOP, "0 issue \"letsencrypt.org\"", SHOP, "0 issuewild \"sectigo.com\""},
     "shop.example.com",
     "",
     "[add shop.example.com. CAA 0 issue \"digicert.com\" ]",
     0},
    {{SHOP, "0 issuewild \"letsencrypt.org\"", SHOP, "128 tbs \"x\""}, /* no issue record: nobody is restricted */
     "shop.example.com",
     "",
     "[remove shop.example.com. CAA 128 tbs \"x\" ]",
     0},
    /* the domain in a zone of its own takes over the whole set */
    {{"example.com.", "0 issue \"letsencrypt.org; validationmethods=dns-01\"", "example.com.",
      "0 issuewild \"sectigo.com\"", "example.com.", "0 iodef \"mailto:x@example.com\"", "example.com.",
      "0 issuemail \"sectigo.com\""},
     "shop.example.com",
     "",
     "[add shop.example.com. CAA 0 iodef \"mailto:x@example.com\" ]"
     " [add shop.example.com. CAA 0 issue \"letsencrypt.org; validationmethods=dns-01\" ]"
     " [add shop.example.com. CAA 0 issuemail \"sectigo.com\" ]"
     " [add shop.example.com. CAA 0 issuewild \"sectigo.com\" ]"
     " [add shop.example.com. CAA 0 issue \"digicert.com\" ]",
     SUB},
    {{"example.com.", "0 issue \"digicert.com; account=7\"", "example.com.", "0 issue \"letsencrypt.org\""},
     "shop.example.com",
     ACCOUNT,
     "[add shop.example.com. CAA 0 issue \"digicert.com; account=7\" ]"
     " [add shop.example.com. CAA 0 issue \"letsencrypt.org\" ]"
     " [add shop.example.com. CAA 0 issue \"digicert.com; account=8\" ]",
     SUB},
};

static void what_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new(0);
        struct small_net *net = net_new(a);
        struct evidence ev;
        struct report p;
        if (rows[i].also & SUB)
            net_zone_add(net, SHOP, "192.0.2.3:53");
        for (const char *const *v = rows[i].records; *v; v += 2)
            net_put(net, *v, "CAA", v[1]);
        struct request r =
            request_of(a, rows[i].domain, "caa", arena_concat(a, ",\"depth\":\"full\"", rows[i].more, NULL));
        net_check(net, &r, &ev, &p);
        const char *what = arena_printf(a, "row %zu", i);
        const char *words = p.n_findings && p.findings->n_cures ? in_words(a, "", p.findings, p.findings->cures) : "";
        const char *ops = strchr(words, '['), *wait = ops ? strstr(ops, " [wait") : NULL;
        size_t n = wait ? (size_t)(wait - ops) : ops ? strlen(ops) : 0;
        if (!ops || n != strlen(rows[i].first) || strncmp(ops, rows[i].first, n) != 0)
            wrong("%s: %s\n   where expected is %s", what, words, rows[i].first);
        else if (p.findings->cures->proven != !(strstr(ops, "[advice") || rows[i].also & OPEN))
            wrong("%s: %s: %s", what, words, p.findings->cures->note);
        carry_out_all(what, net, &r, &p);
        arena_free(a);
    }
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
