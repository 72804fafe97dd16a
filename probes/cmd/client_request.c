#include "cmd/client_request.h"

static void write_field(struct json_out *j, const struct request_field *f, const struct given_list *given)
{
    bool open = false;
    for (size_t i = 0; i < given->n; i++) {
        const struct given *g = &given->v[i];
        if (g->field != f)
            continue;
        switch (f->kind) {
        case FIELD_LIST:
            if (!open)
                json_open(j, f->name, '[');
            open = true;
            json_bytes(j, NULL, g->value, g->len);
            break;
        case FIELD_NUMBER: /* a number: cli_request() checked it */
            json_raw(j, f->name, g->value, g->len);
            return;
        case FIELD_TEXT:
        case FIELD_TIME:
        case FIELD_BYTES:
            json_bytes(j, f->name, g->value, g->len);
            return;
        }
    }
    if (open)
        json_close(j, ']');
}

void client_request_write(struct json_out *j, const char *key, const char *domain,
                          const struct given_list *given)
{
    size_t n;
    const struct request_field *f = request_fields(&n);
    json_open(j, key, '{');
    json_text(j, "domain", domain);
    for (size_t i = 0; i < n; i++)
        write_field(j, &f[i], given);
    json_close(j, '}');
}
