/* Any bytes as a text with tokens: the result is consistent, and a valid token is the computed one at that place. */
#include "ca/profile.h"
#include "ca/token.h"
#include "ca/token_find.h"

#include <assert.h>
#include <string.h>

#define NOW 1795305600000 /* 2026-11-22T00:00:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct profile profile = {.token_days = 30};
    struct arena *a = arena_new(0);
    assert(a);
    struct bytes text = {data, size};
    struct request r = {.profile = &profile,
                        .now = NOW,
                        .auth_key = {(const uint8_t *)"someToken", 9},
                        .csr = {(const uint8_t *)"some-token-value", 16}};
    struct token_found f, again;
    struct texts computed = {0};
    assert(token_find(a, &r, text, &f, &computed) == 0);
    assert(f.at <= size && f.len <= size - f.at && f.len <= TOKEN_LENGTH);
    assert((f.class == TOKEN_MALFORMED) == (f.problem != NULL));
    if (f.class == TOKEN_NONE)
        assert(!f.len);
    if (f.class >= TOKEN_TIME)
        assert(f.len == TOKEN_LENGTH);
    if (f.class == TOKEN_TIME)
        assert(f.future == (f.stamp > NOW));
    if (f.class >= TOKEN_MISMATCH) {
        char stamp[TOKEN_STAMP + 1], token[TOKEN_LENGTH + 1];
        time_stamp(f.stamp, stamp);
        assert(token_compute(stamp, r.auth_key, r.csr, token) == 0);
        assert(f.expected && !strcmp(f.expected, token));
        assert((f.class == TOKEN_VALID) == !memcmp(data + f.at, token, TOKEN_LENGTH));
    }

    /* With the computed tokens in place of the key the result is the same. */
    r.auth_key.n = 0;
    r.computed = computed;
    assert(token_find(a, &r, text, &again, NULL) == 0);
    assert(again.class == f.class && again.at == f.at && again.len == f.len);

    /* The input as the CSR: no variant of it reads out of bounds, and none gives the token of the published example. */
    static const char token[] = "202611220000006dnwqjvrojhzh3ptl51arq85x54l1dcjcectabdn29ixko69ot";
    r.auth_key.n = 9;
    r.csr = text;
    r.computed = (struct texts){0};
    assert(token_find(a, &r, (struct bytes){(const uint8_t *)token, TOKEN_LENGTH}, &f, NULL) == 0);
    assert(f.class == TOKEN_MISMATCH || (size == 16 && !memcmp(data, "some-token-value", 16)));
    token_looks_random(text);
    arena_free(a);
    return 0;
}
