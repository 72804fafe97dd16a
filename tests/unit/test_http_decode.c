/* The encodings of a body: gzip and deflate, in either form of the latter, one in the other, in several members, cut
 * off, and what is none of them; and bodies that expand without end. */
#include "ca/profile.h"
#include "observe/http_decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

enum { GZIP = 31, ZLIB = 15, BARE = -15, MOST = 5000, ROOM = 300000 };

struct text {
    size_t n;
    char p[MOST + 1];
};

static bool take(void *user, const uint8_t *p, size_t n)
{
    struct text *t = user;
    for (size_t i = 0; i < n && t->n < sizeof t->p; i++)
        t->p[t->n++] = (char)p[i];
    return t->n <= MOST;
}

static size_t pack(uint8_t *out, size_t room, const void *text, size_t n, int bits)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)text;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

/* Decodes a body that arrives in pieces. Returns why it could not be decoded; NULL where it could. */
static const char *decode(const char *codings, const uint8_t *p, size_t n, size_t piece, struct text *ret)
{
    static const char *const all[] = {
#define X(name) name,
        PROFILE_ENCODINGS(X)
#undef X
    };
    static const char *names[sizeof all / sizeof *all];
    struct decoder *d = NULL;
    memcpy(names, all, sizeof names);
    ret->n = 0;
    assert_int_equal(decoder_new(codings, &(struct texts){names, sizeof names / sizeof *names}, take, ret, &d), 0);
    if (!d) {
        take(ret, p, n);
        return NULL;
    }
    for (size_t at = 0; at < n; at += piece)
        if (!decoder_feed(d, p + at, n - at < piece ? n - at : piece))
            break;
    const char *fault = decoder_fault(d, true);
    assert_false(decoder_starved(d));
    decoder_free(d);
    return fault;
}

static void encodings(void **state)
{
    (void)state;
    static const char text[] = "the value in a file";
    enum { LEN = sizeof text - 1 };
    static const uint8_t junk[] = "junk behind the end";
    uint8_t gz[256], twice[256], zlib[256], bare[256], members[512], mixed[256], trailed[512];
    size_t n_gz = pack(gz, sizeof gz, text, LEN, GZIP), n_twice = pack(twice, sizeof twice, gz, n_gz, GZIP);
    size_t n_zlib = pack(zlib, sizeof zlib, text, LEN, ZLIB), n_bare = pack(bare, sizeof bare, text, LEN, BARE);
    size_t n_mixed = pack(mixed, sizeof mixed, zlib, n_zlib, GZIP);
    memcpy(members, gz, n_gz);
    size_t n_members = n_gz + pack(members + n_gz, 256, text, LEN, GZIP);
    memcpy(trailed, gz, n_gz);
    memcpy(trailed + n_gz, junk, sizeof junk);
    struct {
        const char *codings;
        const uint8_t *body;
        size_t len, text; /* .text: how many bytes of decoded text; 0: the bytes as they came, or none with .fault */
        const char *fault;
    } rows[] = {
        {"gzip", gz, n_gz, LEN, NULL},
        {" X-GZIP,", gz, n_gz, LEN, NULL},
        {"deflate", zlib, n_zlib, LEN, NULL},
        {"deflate", bare, n_bare, LEN, NULL},
        {"gzip, gzip", twice, n_twice, LEN, NULL},
        {"gzip,identity, x-gzip", twice, n_twice, LEN, NULL},
        {"deflate, gzip", mixed, n_mixed, LEN, NULL},
        {"gzip, deflate", mixed, n_mixed, 0, "not in the form deflate"},
        {"gzip", members, n_members, 2 * LEN, NULL},
        {"gzip", trailed, n_gz + sizeof junk, LEN, NULL},
        {"gzip", gz, 0, 0, NULL},
        {"br", gz, n_gz, 0, NULL},
        {"", gz, n_gz, 0, NULL},
        {"gzipped", gz, n_gz, 0, NULL},
        {"gzip", (const uint8_t *)text, LEN, 0, "not in the form gzip"},
        {"gzip", zlib, n_zlib, 0, "not in the form gzip"},
        {"deflate", gz, n_gz, 0, "not in the form deflate"},
        {"gzip", gz, n_gz - 4, LEN, "breaks off"},
        {"gzip", gz, 5, 0, "breaks off"},
        {"deflate", zlib, 1, 0, "breaks off"},
        {"gzip,gzip,gzip,gzip,gzip,gzip", gz, n_gz, 0, "more encodings"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t piece = 1; piece < 1000; piece += 333) {
            struct text t;
            const char *fault = decode(rows[i].codings, rows[i].body, rows[i].len, piece, &t);
            if (!rows[i].fault != !fault || (fault && !strstr(fault, rows[i].fault)))
                fail_msg("row %zu: \"%s\"", i, fault ? fault : "");
            assert_int_equal(t.n, rows[i].text ? rows[i].text : fault ? 0 : rows[i].len);
            assert_memory_equal(t.p, rows[i].text ? (const void *)text : rows[i].body, t.n < LEN ? t.n : LEN);
        }
}

/* A body that expands without end is read no further than it is wanted; one that expands to nothing ends as well. */
static void bombs(void **state)
{
    (void)state;
    enum { ZEROS = 64 << 20, EMPTY = 8 << 20 };
    static uint8_t once[ROOM], twice[ROOM], packed[ROOM];
    uint8_t *zeros = calloc(1, ZEROS), *empty = malloc(EMPTY);
    size_t n_once = pack(once, sizeof once, zeros, ZEROS, GZIP);
    size_t n_twice = pack(twice, sizeof twice, once, n_once, GZIP);
    size_t n_empty = 0;
    struct text t;
    free(zeros);
    assert_null(decode("gzip", once, n_once, 1000, &t));
    assert_int_equal(t.n, MOST + 1);
    assert_null(decode("gzip, gzip", twice, n_twice, 1000, &t));
    assert_int_equal(t.n, MOST + 1);
    size_t n_member = pack(empty, 100, "", 0, GZIP);
    for (n_empty = n_member; n_empty + n_member <= EMPTY; n_empty += n_member)
        memcpy(empty + n_empty, empty, n_member);
    assert_null(decode("gzip", empty, ROOM / n_member * n_member, 1000, &t));
    assert_int_equal(t.n, 0);
    size_t n_packed = pack(packed, sizeof packed, empty, n_empty, GZIP);
    assert_string_equal(decode("gzip, gzip", packed, n_packed, 1000, &t), "it does not come to an end");
    assert_string_equal(decode("gzip", empty, n_empty, 1000, &t), "it does not come to an end");
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(encodings), cmocka_unit_test(bombs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
