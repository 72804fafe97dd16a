/* json_write_finding.c - writes a finding with its cures. */
#include "format/json_inner.h"
#include "format/json_redact.h"

void json_shown(struct json_out *j, const char *key, struct arena *a, const char *token, const char *text)
{
    json_text(j, key, token ? redact_text(a, token, text) : text);
}

/* The state of writing one finding. */
struct finding_out {
    struct json_out *j;
    struct arena *a;
    const char *token;
};

static void shown(struct finding_out *o, const char *key, const char *s)
{
    json_shown(o->j, key, o->a, o->token, s);
}

static void fix(struct finding_out *o, const struct fix *f)
{
    json_open(o->j, NULL, '{');
    json_text(o->j, "op", fix_op_name(f->op));
    switch (f->op) {
    case FIX_ADD:
    case FIX_REMOVE:
    case FIX_REPLACE:
        shown(o, "owner", f->owner);
        if (f->op != FIX_REMOVE)
            json_int(o->j, "ttl", f->ttl);
        json_text(o->j, "type", f->type);
        if (f->op == FIX_REPLACE)
            shown(o, "old_rdata", f->old_rdata);
        shown(o, "rdata", f->rdata);
        break;
    case FIX_PUT_FILE:
        shown(o, "url", f->url);
        shown(o, "body", f->body);
        break;
    case FIX_WAIT:
        json_time(o->j, "until", f->until);
        break;
    case FIX_INPUT:
        json_text(o->j, "argument", f->argument);
        shown(o, "value", f->value);
        break;
    case FIX_ADVICE:
        break;
    }
    if (f->text)
        shown(o, "text", f->text);
    json_close(o->j, '}');
}

static void operations(struct finding_out *o, const char *key, const struct fix *v, size_t n)
{
    json_open(o->j, key, '[');
    for (size_t i = 0; i < n; i++)
        fix(o, &v[i]);
    json_close(o->j, ']');
}

static void cure(struct finding_out *o, const struct cure *c)
{
    json_open(o->j, NULL, '{');
    operations(o, "ops", c->ops, c->n);
    shown(o, "note", c->note ? c->note : "");
    json_open(o->j, "breaks", '[');
    for (size_t i = 0; i < c->breaks.n; i++)
        shown(o, NULL, c->breaks.v[i]);
    json_close(o->j, ']');
    json_bool(o->j, "proven", c->proven);
    json_close(o->j, '}');
}

void json_write_finding(struct json_out *j, struct arena *a, const struct finding *f, const char *token)
{
    struct finding_out out = {j, a, token}, *o = &out;
    const struct cause_info *info = cause_info(f->cause);
    json_open(o->j, NULL, '{');
    json_text(o->j, "cause", info ? info->id : NULL);
    json_text(o->j, "weight", weight_name(f->weight));
    json_text(o->j, "who_acts", actor_name(f->who_acts));
    shown(o, "summary", f->summary);
    json_open(o->j, "facts", '[');
    for (size_t i = 0; i < f->n_facts; i++)
        json_int(o->j, NULL, f->facts[i]);
    json_close(o->j, ']');
    json_open(o->j, "cures", '[');
    for (size_t i = 0; i < f->n_cures; i++)
        cure(o, &f->cures[i]);
    json_close(o->j, ']');
    operations(o, "fixes", f->fixes, f->n_fixes);
    json_close(o->j, '}');
}
