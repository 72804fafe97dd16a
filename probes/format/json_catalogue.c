/* json_catalogue.c - writes the catalogues of codes and causes for programs. */
#include "format/json_catalogue.h"

#include "model/dcv.h"

void json_write_code(struct json_out *j, const char *key, enum code c)
{
    const struct code_info *i = code_info(c);
    if (!i) {
        json_nil(j, key);
        return;
    }
    json_open(j, key, '{');
    json_text(j, "code", i->code);
    json_text(j, "spelling", i->spelling);
    json_int(j, "http_status", i->status);
    json_int(j, "variables", i->variables);
    json_text(j, "class", code_class_name(i->class));
    json_text(j, "basis", code_basis_name(i->basis));
    json_text(j, "message", i->message);
    json_text(j, "meaning", i->meaning);
    json_text(j, "check", i->check);
    json_text(j, "seen", i->seen);
    json_close(j, '}');
}

void json_write_codes(struct json_out *j, const char *key)
{
    json_open(j, key, '[');
    for (enum code c = 1; code_info(c); c++)
        json_write_code(j, NULL, c);
    json_close(j, ']');
}

void json_write_cause(struct json_out *j, const char *key, enum cause c)
{
    const struct cause_info *i = cause_info(c);
    if (!i) {
        json_nil(j, key);
        return;
    }
    json_open(j, key, '{');
    json_text(j, "id", i->id);
    json_text(j, "weight", weight_name(i->weight));
    json_open(j, "methods", '[');
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        if (i->methods & METHOD_BIT(m))
            json_text(j, NULL, method_name((enum method)m));
    json_close(j, ']');
    json_text(j, "who_acts", actor_name(i->who_acts));
    json_text(j, "summary", i->summary);
    json_text(j, "hint", i->hint);
    json_close(j, '}');
}

void json_write_causes(struct json_out *j, const char *key)
{
    json_open(j, key, '[');
    for (enum cause c = 1; cause_info(c); c++)
        json_write_cause(j, NULL, c);
    json_close(j, ']');
}
