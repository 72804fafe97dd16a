/* order_report.c - adds problems and notes to the report of an order check. */
#include "ca/order_inner.h"

#include "wire/name.h"

#include <string.h>

void order_problem(struct checking *c, enum code code, const char *variable, const char *field,
                   const char *value, const char *what, const char *fix)
{
    struct order_report *r = c->r;
    struct order_problem *v = arena_grow(c->a, r->problems, r->n, sizeof *v);
    if (!v)
        return;
    r->problems = v;
    r->problems[r->n++] = (struct order_problem){{code, {variable, NULL}}, field, value, what, fix};
}

void order_note(struct checking *c, const char *text)
{
    if (text)
        texts_add(c->a, &c->r->notes, text);
}

const char *order_shown(struct checking *c, const char *text)
{
    return text ? text_escape(c->a, text, strlen(text), ORDER_SHOWN) : NULL;
}

bool order_listed(const struct texts *list, const char *name, bool is_ip)
{
    for (size_t i = 0; i < list->n; i++)
        if (is_ip ? !strcmp(name, list->v[i]) : name_within(name, list->v[i]))
            return true;
    return false;
}
