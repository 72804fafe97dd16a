/* Any bytes as a CSR, as the original CSR and as the note of an order: all texts are safe to show on a terminal, the
 * results are consistent, and an order is always a valid duplicate of itself. */
#include "base/text.h"
#include "ca/order.h"
#include "ca/order_conf.h"

#include <assert.h>
#include <openssl/err.h>
#include <string.h>

static void shown(const char *s)
{
    assert(s);
    for (size_t n = strlen(s), i = 0, step; i < n; i += step) {
        uint32_t c;
        step = text_utf8(s + i, n - i, &c);
        assert(step && !text_is_control(c));
    }
}

static void check_csr(const struct csr *c, size_t size)
{
    if (c->problem) {
        shown(c->problem);
        assert(!c->key_text && !c->n_subject && !c->names.n);
        return;
    }
    shown(c->key_text);
    assert(c->n_subject && size <= CSR_MOST);
    assert((c->key == CSR_KEY_EC) || !c->curve);
    for (size_t i = 0; i < c->n_subject; i++) {
        shown(c->subject[i].name);
        shown(c->subject[i].value);
        assert(c->subject[i].characters <= size);
        assert(!c->subject[i].control || c->subject[i].characters);
    }
    for (size_t i = 0; i < c->names.n; i++)
        shown(c->names.v[i]);
    for (size_t i = 0; i < c->other_names.n; i++)
        shown(c->other_names.v[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    struct bytes text = {data, size};
    struct csr c;
    assert(a);
    assert(csr_read(a, text, &c) == 0);
    assert(ERR_peek_error() == 0);
    check_csr(&c, size);

    for (enum product p = PRODUCT_TLS; p <= PRODUCT_SAFENET_FIPS; p++) {
        struct order o = {.product = p, .csr = text, .note = text, .original = text};
        struct order_report r;
        size_t unread = 0, keys = 0;
        assert(order_check(a, &o, &r) == 0);
        for (size_t i = 0; i < r.n; i++) {
            const struct order_problem *q = &r.problems[i];
            shown(code_text(a, &q->error));
            shown(q->what);
            shown(q->fix);
            shown(q->value ? q->value : "");
            unread += q->error.code == CODE_csr_invalid_cannot_parse;
            keys += q->error.code == CODE_note_contains_private_key;
            assert(q->error.code != CODE_missing_dns_name_on_duplicate &&
                   q->error.code != CODE_invalid_dns_name_on_duplicate &&
                   q->error.code != CODE_invalid_common_name_on_duplicate);
        }
        assert(r.has_csr ? !unread && !r.unusable : !size || (unread == 1 && r.unusable));
        assert(keys == (csr_private_key(text) ? 2 : 0));
        for (size_t i = 0; i < r.notes.n; i++)
            shown(r.notes.v[i]);
        for (size_t i = 0; i < r.names.n; i++)
            shown(r.names.v[i]);
    }

    /* The same bytes as a configuration: refused with one line that is safe to show, or accepted. */
    struct order o = {0};
    const char *why;
    if (order_conf_read(a, (const char *)data, size, &o, &why))
        shown(why);
    arena_free(a);
    return 0;
}
