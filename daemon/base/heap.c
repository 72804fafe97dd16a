#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>

int heap_room(struct heap *h, size_t n)
{
    if (n <= h->room)
        return 0;
    size_t room = h->room ? h->room : 64;
    while (room < n)
        room *= 2;
    struct due **v = reallocarray(h->v, room, sizeof(struct due *));
    if (!v)
        return -ENOMEM;
    h->v = v;
    h->room = room;
    return 0;
}

static void set(struct heap *h, size_t i, struct due *d)
{
    h->v[i] = d;
    d->position = i + 1;
}

/* Puts d where it belongs, beginning at index i, which is free. */
static void settle(struct heap *h, size_t i, struct due *d)
{
    for (; i && h->v[(i - 1) / 2]->at > d->at; i = (i - 1) / 2)
        set(h, i, h->v[(i - 1) / 2]);
    for (size_t k; (k = 2 * i + 1) < h->n; i = k) {
        if (k + 1 < h->n && h->v[k + 1]->at < h->v[k]->at)
            k++;
        if (h->v[k]->at >= d->at)
            break;
        set(h, i, h->v[k]);
    }
    set(h, i, d);
}

void heap_put(struct heap *h, struct due *d, dcv_time at)
{
    d->at = at;
    settle(h, d->position ? d->position - 1 : h->n++, d);
}

void heap_take(struct heap *h, struct due *d)
{
    if (!d->position)
        return;
    size_t i = d->position - 1;
    struct due *last = h->v[--h->n];
    d->position = 0;
    if (last != d)
        settle(h, i, last);
}

struct due *heap_first(const struct heap *h)
{
    return h->n ? h->v[0] : NULL;
}

void heap_deinit(struct heap *h)
{
    free(h->v);
    *h = (struct heap){0};
}
