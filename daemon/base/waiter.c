#include "base/waiter.h"

#include <stddef.h>

void waiter_join(struct waiter **list, struct waiter *w)
{
    w->next = *list;
    w->back = list;
    if (w->next)
        w->next->back = &w->next;
    *list = w;
}

void waiter_leave(struct waiter *w)
{
    if (!w->back)
        return;
    *w->back = w->next;
    if (w->next)
        w->next->back = w->back;
    w->back = NULL;
}

void waiters_tell(struct waiter **list)
{
    if (*list)
        (*list)->back = list;
    while (*list) {
        struct waiter *w = *list;
        waiter_leave(w);
        w->fn(w->user);
    }
}
