/* api_key.c - the header Idempotency-Key: a request that is sent again makes nothing new. */
#include "api/api_inner.h"

#include "base/hash.h"
#include "base/text.h"

#include <string.h>

static bool printable(const char *s)
{
    size_t n = 0;
    for (; s[n] >= ' ' && s[n] <= '~'; n++)
        ;
    return n && !s[n] && n <= API_KEY_MOST;
}

uint64_t api_key_body(uint64_t so_far, const char *p, size_t n)
{
    return fnv(so_far, p, n);
}

bool api_read_key(struct api_reading *r)
{
    const char *text = r->in->idempotency_key;
    if (!text)
        return true;
    if (!printable(text)) {
        const char *expected =
            arena_printf(r->a, "1 to %d printable ASCII characters in the header Idempotency-Key", API_KEY_MOST);
        api_refuse(r, CODE_invalid_value, "idempotency_key", text, expected ? expected : "another text");
        return false;
    }
    uint64_t body = api_key_body(FNV_START, r->route->path, strlen(r->route->path) + 1);
    r->call->key = (struct db_key){.text = arena_strdup(r->a, text),
                                   .peer = r->in->peer,
                                   .body = api_key_body(body, r->in->body, r->in->len)};
    return true;
}

void api_key_refused(struct api_answer *ans, const struct db_key *key)
{
    struct arena *a = arena_new(0);
    const char *shown = a ? text_escape(a, key->text, strlen(key->text), 120) : NULL;
    api_error(ans, 409, CODE_invalid_value, "idempotency_key",
              "idempotency_key: '%s' was used within the last day for another call or body; expected the same one, or "
              "a key of its own for each",
              shown ? shown : "it");
    arena_free(a);
}
