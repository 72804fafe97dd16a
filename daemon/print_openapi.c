/* print_openapi.c - prints the OpenAPI document that dcvd serves, for the package. Not installed itself. */
#include "api/api.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    struct conf conf;
    struct api_call call;
    struct api_answer answer = {0};
    const char *why;
    const struct api_input in = {.method = "GET", .path = "/v1/openapi.json", .body = ""};
    struct arena *a = arena_new(0);
    int rc = a ? conf_parse(a, "none", "", 0, &conf, &why) : -1;
    json_t *document = NULL;
    if (!rc) {
        api_read(&conf, a, &in, 0, &call, &answer);
        document = json_loadb(answer.body.p ? answer.body.p : "", answer.body.n, 0, NULL);
    }
    rc = document ? json_dumpf(document, stdout, JSON_INDENT(2)) : -1;
    putchar('\n');
    json_decref(document);
    buf_free(&answer.body);
    arena_free(a);
    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
