/* Any bytes as a CAA value and as the rdata of a set: the reader stays within them, a sound value's parts lie
 * in it in order, and neither the order of the records nor the case of tags and letters changes the verdict.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "caa.h"
#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void value(struct arena *a, const uint8_t *data, size_t size)
{
    struct caa_record r = {.value = {data, size}};
    const uint8_t *at = data;
    if (!caa_value_parse(a, &r)) {
        must(arena_full(a) || (r.error_at <= size && r.error));
        return;
    }
    must(!r.issuer.n || (r.issuer.p >= at && r.issuer.p + r.issuer.n <= data + size));
    for (size_t i = 0; i < r.n_parameters; i++) {
        must(r.parameters[i].tag.n > 0 && r.parameters[i].tag.p >= at);
        at = r.parameters[i].value.p + r.parameters[i].value.n;
        must(at <= data + size);
    }
}

/* Records of the input: a length byte, then that many bytes of rdata. */
static size_t split(struct arena *a, const uint8_t *data, size_t size, const struct rr **v, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < size && n < most;) {
        size_t len = data[i] < size - i - 1 ? data[i] : size - i - 1;
        struct rr *rr = arena_alloc(a, sizeof *rr);
        must(rr != NULL);
        *rr = (struct rr){.owner = "shop.example.com.",
                          .type = RR_CAA,
                          .class = 1,
                          .rdata = data + i + 1,
                          .rdlen = (uint16_t)len};
        v[n++] = rr;
        i += len + 1;
    }
    return n;
}

static enum code verdict(struct arena *a, const struct request *r, const struct rr *const *v, size_t n)
{
    struct caa_set set;
    must(caa_judge(a, r, v, n, &set) == 0);
    return set.code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 64 };
    struct arena *a = arena_new(16 << 20);
    const struct rr *v[MOST], *back[MOST];
    struct request r;
    struct input_error err;
    must(a != NULL);
    value(a, data, size);
    request_init(&r, NULL, INT64_C(1795348800000));
    must(!request_set(a, &r, request_field_find("domain"), "*.shop.example.com", 18, &err));
    must(!request_finish(a, &r, &err));
    r.wildcard = size & 1;
    size_t n = split(a, data, size, v, MOST);
    enum code code = verdict(a, &r, v, n);
    for (size_t i = 0; i < n; i++) {
        struct rr *rr = arena_alloc(a, sizeof *rr);
        uint8_t *upper = arena_alloc(a, v[i]->rdlen);
        must(rr && upper);
        *rr = *v[i];
        for (size_t k = 0; k < rr->rdlen; k++)
            upper[k] = k >= 2 && k < 2u + (rr->rdlen > 1 ? v[i]->rdata[1] : 0)
                           ? (uint8_t)toupper(v[i]->rdata[k])
                           : v[i]->rdata[k];
        rr->rdata = upper;
        back[n - 1 - i] = rr;
    }
    must(verdict(a, &r, back, n) == code);
    arena_free(a);
    return 0;
}
