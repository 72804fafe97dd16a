/* Any bytes as a name: the result is complete, safe to print, and the same when it is read again. */
#include "wire/name.h"
#include "wire/name_read.h"
#include "wire/suffixes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void assert_printable(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0, step; i < n; i += step) {
        uint32_t c;
        step = text_utf8(text + i, n - i, &c);
        assert(step && !text_is_control(c));
    }
}

static void check_read(struct arena *a, const char *p, size_t n)
{
    struct name name, again;
    assert(name_read(a, p, n, &name) == 0);
    assert((name.code == CODE_NONE) == (name.cause == CAUSE_NONE));
    assert((name.code == CODE_NONE) == !name.reason);
    assert((name.code == CODE_dns_invalid_domain) == !name.domain);
    assert(!name.suggestion || name.code == CODE_dns_invalid_domain);
    if (name.reason) {
        assert_printable(name.reason);
        assert(strlen(name.reason) < 500);
    }
    if (name.suggestion) {
        assert(name_read(a, name.suggestion, strlen(name.suggestion), &again) == 0 &&
               again.code == CODE_NONE);
    }
    if (!name.domain)
        return;
    assert(name.is_ip ? name_is_ip(name.domain) : name_is_host(name.domain));
    assert(name_read(a, name.domain, strlen(name.domain), &again) == 0);
    assert(again.code == name.code && !strcmp(again.domain, name.domain) && again.is_ip == name.is_ip);
    if (name.code == CODE_NONE && !name.is_ip) {
        assert(name_within(name.domain, name.registrable) && name_labels(name.registrable) >= 2);
        assert(suffixes_except(name.registrable) || name_is_public_suffix(name_parent(name.registrable)));
        assert(!name_is_public_suffix(name.registrable));
        assert(name_display(a, name.domain));
    }
}

/* Compares any texts as names; names from the network are in zone-file form. */
static void check_compare(const char *text)
{
    unsigned labels = name_labels(text);
    assert(name_equal(text, text) && name_within(text, text) && name_within(text, "."));
    for (const char *p = text; (p = name_parent(p));) {
        assert(name_within(text, p) && !name_within(p, text));
        assert(name_labels(p) == --labels);
    }
    assert(labels <= 1);
    const char *registrable = name_registrable(text);
    assert(!registrable || (registrable >= text && name_registrable(registrable) == registrable));
    name_is_host(text);
    name_is_ip(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(0);
    assert(a);
    const char *p = (const char *)data;
    check_read(a, p, size);
    char *text = arena_strndup(a, p, size);
    assert(text);
    check_compare(text);
    for (size_t most = 0; most < 40; most += 13) {
        char *shown = text_escape(a, p, size, most);
        assert(shown && strlen(shown) <= most + strlen("…"));
        assert_printable(shown);
    }
    arena_free(a);
    return 0;
}
