/* Any bytes as a case file and as a request: what is accepted is judged, and what is written of it is JSON
 * again, reads again, and is then written the same. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static const dcv_time NOW = INT64_C(1795348800000);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* The case as --save writes it; NULL where memory for one check runs out. */
static char *written(struct arena *a, const struct dcv_case *c)
{
    struct report r;
    struct buf b = {0};
    struct json_out j = {.b = &b};
    if (judge(&c->request, &c->evidence, a, &r))
        return NULL;
    json_case(&j, a, &r, 0);
    must(!b.failed && b.p);
    json_error_t err;
    json_t *parsed = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, &err);
    must(parsed != NULL);
    json_decref(parsed);
    return b.p;
}

static void run_case(const char *text, size_t size)
{
    struct arena *a = arena_new(8 << 20), *again = arena_new(64 << 20);
    struct dcv_case c, c2;
    struct json_problem problem = {0};
    must(a && again);
    int rc = json_read_case(a, text, size, NULL, &c, &problem);
    must(rc != -22 || (problem.text && *problem.text));
    char *first = rc ? NULL : written(a, &c), *second = NULL;
    if (first) {
        must(json_read_case(again, first, strlen(first), NULL, &c2, &problem) == 0);
        second = written(again, &c2);
        must(second && !strcmp(first, second));
    }
    free(first);
    free(second);
    arena_free(a);
    arena_free(again);
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
        json_request(&j, NULL, a, &r, 0);
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
