/* Any bytes as a case file and as a request: what is accepted is judged and written; the text is valid JSON, can be
 * read again, and is then written as before. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format/json_read_case.h"
#include "format/json_write_report.h"

static const dcv_time NOW = INT64_C(1795348800000);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* The case as --save or the store writes it; NULL where that takes more memory than a check may have. */
static char *written(struct arena *a, const struct dcv_case *c, unsigned flags)
{
    struct report r;
    struct buf b = {0};
    struct json_out j = {.b = &b};
    if (judge(&c->request, &c->evidence, a, &r))
        return NULL;
    json_write_case(&j, a, &r, flags);
    must(!b.failed && b.p);
    json_error_t err;
    json_t *parsed = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, &err);
    must(parsed != NULL);
    json_decref(parsed);
    return b.p;
}

/* The text reads as the same case. */
static void must_be(const struct dcv_case *c, const char *text)
{
    struct arena *a = arena_new(64 << 20), *b = arena_new(64 << 20);
    struct dcv_case again;
    struct json_problem problem = {0};
    must(a && b);
    must(json_read_case(a, text, strlen(text), NULL, &again, &problem) == 0);
    char *first = written(b, c, 0), *second = written(a, &again, 0);
    must(first && second && !strcmp(first, second));
    free(first);
    free(second);
    arena_free(a);
    arena_free(b);
}

static void run_case(const char *text, size_t size)
{
    static const unsigned forms[] = {0, JSON_TERSE | JSON_NO_REPORT};
    struct arena *a = arena_new(8 << 20);
    struct dcv_case c;
    struct json_problem problem = {0};
    must(a != NULL);
    int rc = json_read_case(a, text, size, NULL, &c, &problem);
    must(rc != -22 || (problem.text && *problem.text));
    for (size_t i = 0; !rc && i < sizeof forms / sizeof *forms; i++) {
        char *form = written(a, &c, forms[i]);
        if (form)
            must_be(&c, form);
        free(form);
    }
    arena_free(a);
}

static void run_request(const char *text, size_t size)
{
    struct arena *a = arena_new(4 << 20);
    struct request r, r2;
    struct json_problem problem = {0};
    must(a != NULL);
    if (json_read_request(a, text, size, NULL, NOW, &r, &problem) == 0) {
        struct buf b = {0};
        struct json_out j = {.b = &b};
        json_write_request(&j, NULL, a, &r, 0);
        must(!b.failed && b.p);
        must(json_read_request(a, b.p, b.n, NULL, NOW, &r2, &problem) == 0 || arena_full(a));
        buf_free(&b);
    }
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run_case((const char *)data, size);
    run_request((const char *)data, size);
    return 0;
}
