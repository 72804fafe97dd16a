/* api_catalogue.c - the lists of codes and causes: GET /v1/codes, GET /v1/causes. */
#include "api/api_inner.h"

#include "base/text.h"
#include "format/json_catalogue.h"
#include "model/codes.h"

#include <string.h>

static void catalogue(struct api_reading *r, const char *key, void (*list)(struct json_out *j, const char *key))
{
    struct json_out j = api_writer(r->answer, 200);
    json_open(&j, NULL, '{');
    json_int(&j, "schema_version", DCV_SCHEMA_VERSION);
    list(&j, key);
    json_close(&j, '}');
}

void api_answer_codes(struct api_reading *r)
{
    catalogue(r, "codes", json_write_codes);
}

void api_answer_causes(struct api_reading *r)
{
    catalogue(r, "causes", json_write_causes);
}

void api_answer_code(struct api_reading *r)
{
    const char *text = r->segment;
    const char *variables[2];
    enum code c = code_find(r->a, text, variables);
    if (c == CODE_NONE) {
        api_error(r->answer, 404, CODE_not_found, NULL, "'%s' is no code of the API; expected %s",
                  text_escape(r->a, text, strlen(text), 120), api_nearest_codes(r->a, text));
        return;
    }
    struct json_out j = api_writer(r->answer, 200);
    json_write_code(&j, NULL, c);
}

void api_answer_cause(struct api_reading *r)
{
    const char *text = r->segment;
    enum cause c = cause_find(text);
    if (c == CAUSE_NONE) {
        api_error(r->answer, 404, CODE_not_found, NULL, "'%s' is no cause; expected one of GET /v1/causes",
                  text_escape(r->a, text, strlen(text), 120));
        return;
    }
    struct json_out j = api_writer(r->answer, 200);
    json_write_cause(&j, NULL, c);
}
