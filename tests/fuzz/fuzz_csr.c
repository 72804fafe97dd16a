/* Any bytes as a CSR: a verdict in words or a request whose every text is printable length and count agree.
 */
#include <stdlib.h>
#include <string.h>

#include "order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(8 << 20);
    struct csr c;
    must(a != NULL);
    if (csr_read(a, (struct bytes){data, size}, &c) == 0) {
        must(c.problem || (c.n_subject && c.key_text));
        for (size_t i = 0; i < c.n_subject; i++)
            must(c.subject[i].value && c.subject[i].characters <= size);
    }
    struct order o = {.csr = {data, size}, .original = {data, size}, .note = {data, size}};
    struct order_report r;
    if (order_check(a, &o, &r) == 0) {
        must(!r.has_csr || !r.csr.problem);
        for (size_t i = 0; i < r.n; i++)
            must(r.problems[i].what && r.problems[i].fix &&
                 r.problems[i].error.code != CODE_missing_dns_name_on_duplicate);
    }
    arena_free(a);
    return 0;
}
