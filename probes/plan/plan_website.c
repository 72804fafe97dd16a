#include "plan/plan.h"

#include "methods/file_look.h"

void plan_website(struct plan *p)
{
    struct file_view v;
    if (!file_token_in_name(p->r) && (p->r->method == METHOD_HTTP_TOKEN || p->r->filename))
        file_look(p->a, &p->asker, p->r, p->ev, &v, NULL);
}
