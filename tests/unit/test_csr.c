/* Reading a CSR: what it says, in whatever form it comes, and why it cannot be read. The CSRs are made here, with P-256
 * keys, which are fast to make. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ca/csr.h"
#include "ca/token_files.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(0);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* ---------------------------------------------------------------- making requests -------------------- */

struct entry { /* of the subject */
    const char *field;
    int type; /* of the ASN.1 string: MBSTRING_UTF8, V_ASN1_BMPSTRING, … */
    const char *value;
    size_t len; /* 0: to the NUL */
};

struct recipe {
    const char *curve; /* P-256 where NULL */
    struct entry subject[4];
    const char *san;      /* as in openssl.cnf */
    struct bytes raw_san; /* or the bytes of the extension */
};

static X509_REQ *make(const struct recipe *r)
{
    EVP_PKEY *key = EVP_EC_gen(r->curve ? r->curve : "P-256");
    X509_REQ *req = X509_REQ_new();
    X509_NAME *name = X509_NAME_new();
    assert_non_null(key);
    for (size_t i = 0; i < sizeof r->subject / sizeof *r->subject && r->subject[i].field; i++) {
        const struct entry *e = &r->subject[i];
        int len = e->len ? (int)e->len : -1;
        assert_int_equal(
            X509_NAME_add_entry_by_txt(name, e->field, e->type, (const unsigned char *)e->value, len, -1, 0),
            1);
    }
    assert_int_equal(X509_REQ_set_subject_name(req, name), 1);
    X509_EXTENSION *extension = NULL;
    if (r->san) {
        extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, r->san);
    } else if (r->raw_san.n) {
        ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
        assert_int_equal(ASN1_OCTET_STRING_set(s, r->raw_san.p, (int)r->raw_san.n), 1);
        extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, s);
        ASN1_OCTET_STRING_free(s);
    }
    if (r->san || r->raw_san.n) {
        STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
        assert_non_null(extension);
        sk_X509_EXTENSION_push(list, extension);
        assert_int_equal(X509_REQ_add_extensions(req, list), 1);
        sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    }
    assert_int_equal(X509_REQ_set_pubkey(req, key), 1);
    assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
    X509_NAME_free(name);
    EVP_PKEY_free(key);
    return req;
}

static struct bytes make_der(const struct recipe *r)
{
    X509_REQ *req = make(r);
    unsigned char *p = NULL;
    int n = i2d_X509_REQ(req, &p);
    assert_true(n > 0);
    struct bytes ret = {(uint8_t *)arena_strndup(arena, p, (size_t)n), (size_t)n};
    OPENSSL_free(p);
    X509_REQ_free(req);
    return ret;
}

static const char *make_pem(const struct recipe *r)
{
    X509_REQ *req = make(r);
    BIO *b = BIO_new(BIO_s_mem());
    char *p;
    assert_int_equal(PEM_write_bio_X509_REQ(b, req), 1);
    long n = BIO_get_mem_data(b, &p);
    const char *ret = arena_strndup(arena, p, (size_t)n);
    BIO_free(b);
    X509_REQ_free(req);
    return ret;
}

static struct bytes text(const char *s)
{
    return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* Copied to the heap in its exact size, so that the sanitizer sees a read past the end. */
static struct csr read_csr(struct bytes b)
{
    uint8_t *copy = malloc(b.n ? b.n : 1);
    struct csr c;
    assert_non_null(copy);
    if (b.n)
        memcpy(copy, b.p, b.n);
    assert_int_equal(csr_read(arena, (struct bytes){copy, b.n}, &c), 0);
    free(copy);
    return c;
}

static const struct recipe shop = {.subject = {{"CN", MBSTRING_UTF8, "shop.example.com"}},
                                   .san = "DNS:shop.example.com,DNS:www.shop.example.com"};

/* ---------------------------------------------------------------- what is in it ---------------------- */

static void contents(void **state)
{
    (void)state;
    struct csr c = read_csr(make_der(&(struct recipe){
        .subject = {{"O", MBSTRING_UTF8,
                     "B\xc3\xbc"
                     "cher"},
                    {"street", MBSTRING_UTF8, "Main 5"},
                    {"1.2.3.4", MBSTRING_UTF8, "x"},
                    {"CN", V_ASN1_BMPSTRING, "\0a\0.\0d\0e", 8}},
        .san = "DNS:a.de,IP:192.0.2.1,IP:2001:db8::1,email:ann@a.de,URI:http://a.de/,RID:1.2.3"}));
    assert_null(c.problem);
    assert_true(c.der);
    assert_int_equal(c.key, CSR_KEY_EC);
    assert_string_equal(c.curve, "P-256");
    assert_string_equal(c.key_text, "EC P-256");
    assert_int_equal(c.n_subject, 4);
    assert_string_equal(c.subject[0].name, "O");
    assert_int_equal(c.subject[0].characters, 6);
    assert_string_equal(c.subject[1].name, "street");
    assert_string_equal(c.subject[2].name, "1.2.3.4");
    assert_string_equal(c.common_name, "a.de");
    assert_int_equal(c.subject[3].characters, 4);
    static const char *const names[] = {"a.de", "192.0.2.1", "2001:db8::1"};
    assert_int_equal(c.names.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(c.names.v[i], names[i]);
    assert_int_equal(c.other_names.n, 3);
    assert_string_equal(c.other_names.v[0], "email:ann@a.de");
    assert_string_equal(c.other_names.v[1], "URI:http://a.de/");
}

/* A NUL ends neither a common name nor a name: "good.com\0.evil.com" is not good.com. */
static void controls(void **state)
{
    (void)state;
    static const uint8_t san[] = "\x30\x0a\x82\x08"
                                 "a.com\0.b";
    struct csr c = read_csr(make_der(
        &(struct recipe){.subject = {{"CN", MBSTRING_UTF8, "a.com\0.b", 8}, {"O", MBSTRING_UTF8, "\x1b[31m"}},
                         .raw_san = {san, 12}}));
    assert_null(c.problem);
    assert_string_equal(c.common_name, "a.com\\x00.b");
    assert_int_equal(c.subject[0].characters, 8);
    assert_true(c.subject[0].control);
    assert_string_equal(c.subject[1].value, "\\x1b[31m");
    assert_string_equal(c.names.v[0], "a.com\\x00.b");
    c = read_csr(make_der(&shop));
    assert_false(c.subject[0].control);
}

/* Curves are told apart by name, not by size: P-256 is one of several with 256 bits. */
static void curves(void **state)
{
    (void)state;
    struct recipe r = shop;
    static const char *const curve[][2] = {
        {"P-384", "EC P-384"}, {"P-521", "EC P-521"}, {"secp256k1", "EC secp256k1"}};
    for (size_t i = 0; i < sizeof curve / sizeof *curve; i++) {
        r.curve = curve[i][0];
        assert_string_equal(read_csr(make_der(&r)).key_text, curve[i][1]);
    }
}

/* ---------------------------------------------------------------- what stands around it -------------- */

static const char *with(const char *text, const char *from, const char *to)
{
    const char *out = "";
    for (const char *at; (at = strstr(text, from)); text = at + strlen(from))
        out = arena_printf(arena, "%s%.*s%s", out, (int)(at - text), text, to);
    return arena_printf(arena, "%s%s", out, text);
}

static void surroundings(void **state)
{
    (void)state;
    const char *pem = make_pem(&shop);
    const char *good[] = {
        pem,
        with(pem, "\n", "\r\n"),
        with(pem, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"),
        arena_printf(arena, "\xef\xbb\xbf%s", pem),
        arena_printf(arena, "Dear support,\nhere it is:\n%s\nBye\n", pem),
        arena_printf(arena,
                     "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n%s", pem),
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct csr c = read_csr(text(good[i]));
        if (c.problem || c.der || strcmp(c.common_name, "shop.example.com") != 0)
            fail_msg("text %zu: %s", i, c.problem ? c.problem : c.common_name);
    }
}

/* ---------------------------------------------------------------- why not ---------------------------- */

static struct bytes utf16(const char *s)
{
    size_t n = strlen(s);
    uint8_t *p = arena_alloc(arena, 2 * n + 2);
    memcpy(p, "\xff\xfe", 2);
    for (size_t i = 0; i < n; i++)
        p[2 * i + 2] = (uint8_t)s[i];
    return (struct bytes){p, 2 * n + 2};
}

static void problems(void **state)
{
    (void)state;
    const char *pem = make_pem(&shop);
    struct bytes der = make_der(&shop),
                 more = {(uint8_t *)arena_printf(arena, "%*s", (int)der.n + 1, ""), der.n + 1};
    memcpy((uint8_t *)more.p, der.p, der.n);
    struct bytes damaged = {(uint8_t *)arena_strndup(arena, der.p, der.n), der.n};
    ((uint8_t *)damaged.p)[der.n - 1] ^= 1;
    struct bytes not_utf8 = {(uint8_t *)arena_strndup(arena, der.p, der.n), der.n};
    *(uint8_t *)memmem(not_utf8.p, der.n, "shop", 4) = 0xff;
    static const uint8_t bad_san[] = "\x30\x09\x82\x7f"
                                     "a.com";
    const struct {
        struct bytes file;
        const char *why;
    } rows[] = {
        {{NULL, 0}, "is empty"},
        {{(uint8_t *)arena_alloc(arena, CSR_MOST + 1), CSR_MOST + 1}, "larger than 64 KiB"},
        {more, "bytes follow"},
        {damaged, "signature"},
        {make_der(&(struct recipe){.san = "DNS:a.com"}), "subject is empty"},
        {make_der(&(struct recipe){.subject = {{"CN", V_ASN1_BIT_STRING, "a.com"}}}),
         "field CN of its subject"},
        {not_utf8, "neither a PEM"},
        {make_der(&(struct recipe){.subject = {{"CN", MBSTRING_UTF8, "a.com"}}, .raw_san = {bad_san, 9}}),
         "alternative names cannot be read"},
        {text(arena_printf(arena, "%.*s", (int)strlen(pem) / 2, pem)), "cut short"},
        {text(with(pem, "CERTIFICATE REQUEST", "CERTIFICATE")), "\"CERTIFICATE\""},
        {text(with(with(pem, "-----BEGIN CERTIFICATE REQUEST-----\n", ""),
                   "-----END CERTIFICATE REQUEST-----\n", "")),
         "BEGIN and END lines are missing"},
        {utf16(pem), "UTF-16"},
        {text("hello"), "neither a PEM"},
        /* An encrypted PEM is refused without a question for a password on the terminal. */
        {text(with(pem, "REQUEST-----\nMI",
                   "REQUEST-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
                   "AES-128-CBC,0123456789ABCDEF0123456789ABCDEF\n\nMI")),
         "cut short or was changed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct csr c = read_csr(rows[i].file);
        if (!c.problem || !strstr(c.problem, rows[i].why))
            fail_msg("row %zu: %s", i, c.problem ? c.problem : "read");
        assert_null(c.key_text);
    }
}

/* Every prefix of a CSR is refused, unless it lacks only the last line end. */
static void cut(void **state)
{
    (void)state;
    struct bytes der = make_der(&shop);
    for (size_t n = 0; n < der.n; n++)
        assert_non_null(read_csr((struct bytes){der.p, n}).problem);
    assert_null(read_csr(der).problem);
}

/* OpenSSL's error queue is left as it was, because other code in the thread uses it, too. */
static void error_queue(void **state)
{
    (void)state;
    ERR_clear_error();
    read_csr(text("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"));
    assert_int_equal(ERR_peek_error(), 0);
    ERR_raise(ERR_LIB_USER, 42);
    read_csr(text("hello"));
    assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), 42);
    ERR_clear_error();
}

static void full_arena(void **state)
{
    (void)state;
    struct bytes der = make_der(&shop);
    struct arena *small = arena_new(4096 + 512);
    struct csr c;
    size_t refused = 0;
    while (csr_read(small, der, &c) == 0 && ++refused < 1000)
        ;
    assert_true(refused < 1000);
    assert_true(arena_full(small));
    arena_free(small);
}

static void private_keys(void **state)
{
    (void)state;
    assert_true(csr_private_key(utf16("-----BEGIN RSA PRIVATE KEY-----")));
    assert_true(csr_private_key(text("-----BEGIN PGP PRIVATE KEY BLOCK-----")));
    assert_true(csr_private_key(text("{\"key\":\"-----BEGIN PRIVATE KEY-----\\nMII")));
    assert_true(csr_private_key(text("----------BEGIN PRIVATE KEY----------")));
    assert_false(csr_private_key(text("-----BEGIN PRIVATE KEY----")));
    assert_false(csr_private_key(text("-----BEGIN private key-----")));
    assert_false(csr_private_key(text("-----BEGIN PUBLIC KEY-----")));
    assert_false(csr_private_key((struct bytes){0}));
}

static struct bytes file(const char *name)
{
    FILE *f = fopen(arena_printf(arena, "%s/%s", getenv("CSRS"), name), "rb");
    assert_non_null(f);
    uint8_t *p = arena_alloc(arena, 8192);
    struct bytes all = {p, fread(p, 1, 8192, f)};
    fclose(f);
    return all;
}

/* The two files of a request token, each given as itself, as the other one, and as something near. */
static void token_files(void **state)
{
    (void)state;
    const struct {
        enum token_file kind;
        struct bytes file;
        const char *expected; /* a part; NULL: nothing is wrong */
    } rows[] = {
        {TOKEN_FILE_KEY, text("someToken\n"), NULL},
        {TOKEN_FILE_KEY, text("MIICVjCCAT4CAQAwE"), NULL},
        {TOKEN_FILE_KEY, text("----BEGIN KEY"), NULL},
        {TOKEN_FILE_KEY, file("p256.pem"), "exchanged"},
        {TOKEN_FILE_KEY, file("p256.der"), "exchanged"},
        {TOKEN_FILE_KEY, file("empty-subject.pem"), "exchanged"},
        {TOKEN_FILE_KEY, text("-----BEGIN EC PRIVATE KEY-----\nMHc"), "this is a private key"},
        {TOKEN_FILE_KEY, text("-----BEGIN CERTIFICATE-----\nMII"), "PEM file of another kind"},
        {TOKEN_FILE_CSR, file("p256.pem"), NULL},
        {TOKEN_FILE_CSR, file("p256.der"), NULL},
        {TOKEN_FILE_CSR, file("rsa-4096.pem"), NULL},
        /* a CSR all the same, if one that no order takes */
        {TOKEN_FILE_CSR, file("empty-subject.pem"), NULL},
        {TOKEN_FILE_CSR, file("broken-signature.der"), NULL},
        {TOKEN_FILE_CSR, file("rsa-1024.pem"), NULL},
        {TOKEN_FILE_CSR, text("someToken\n"), "this is none: it is neither a PEM text"},
        {TOKEN_FILE_CSR, text("-----BEGIN CERTIFICATE REQUEST-----\nMIIB"), "this is none: it has a BEGIN line"},
        {TOKEN_FILE_CSR, text("-----BEGIN CERTIFICATE-----\nMII"), "of the kind \"CERTIFICATE\""},
        {TOKEN_FILE_CSR, text("-----BEGIN EC PRIVATE KEY-----\nMHc"), "not a private key"},
        {TOKEN_FILE_CSR, (struct bytes){0}, "the file is empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = token_file_expected(arena, rows[i].kind, rows[i].file);
        if (!got != !rows[i].expected || (got && !strstr(got, rows[i].expected)))
            fail_msg("row %zu: %s", i, got ? got : "nothing is wrong");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents),     cmocka_unit_test(controls),   cmocka_unit_test(curves),
        cmocka_unit_test(surroundings), cmocka_unit_test(problems),   cmocka_unit_test(cut),
        cmocka_unit_test(error_queue),  cmocka_unit_test(full_arena), cmocka_unit_test(private_keys),
        cmocka_unit_test(token_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
