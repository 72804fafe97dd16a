#include "base/table.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>

enum { ROOM_FIRST = 64 };

void table_deinit(struct table *t)
{
    free(t->buckets);
    *t = (struct table){0};
}

static int grow(struct table *t)
{
    size_t room = t->room ? t->room * 2 : ROOM_FIRST;
    struct link **b = calloc(room, sizeof(struct link *));
    if (!b)
        return t->room ? 0 : -ENOMEM; /* the chains become longer, and it still works */
    for (size_t i = 0; i < t->room; i++)
        for (struct link *l = t->buckets[i], *next; l; l = next) {
            next = l->next;
            l->next = b[l->hash & (room - 1)];
            b[l->hash & (room - 1)] = l;
        }
    free(t->buckets);
    t->buckets = b;
    t->room = room;
    return 0;
}

int table_add(struct table *t, struct link *l, uint64_t hash)
{
    int rc = t->n >= t->room ? grow(t) : 0;
    if (rc)
        return rc;
    struct link **b = &t->buckets[hash & (t->room - 1)];
    *l = (struct link){.next = *b, .hash = hash};
    *b = l;
    t->n++;
    return 0;
}

void table_remove(struct table *t, struct link *l)
{
    struct link **p = &t->buckets[l->hash & (t->room - 1)];
    while (*p != l)
        p = &(*p)->next;
    *p = l->next;
    t->n--;
}

static struct link *with_hash(struct link *l, uint64_t hash)
{
    while (l && l->hash != hash)
        l = l->next;
    return l;
}

struct link *table_first(const struct table *t, uint64_t hash)
{
    return t->room ? with_hash(t->buckets[hash & (t->room - 1)], hash) : NULL;
}

struct link *table_next(const struct link *l)
{
    return with_hash(l->next, l->hash);
}

uint64_t hash_number(uint64_t v)
{
    v = (v ^ (v >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    v = (v ^ (v >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return v ^ (v >> 33);
}

uint64_t hash_bytes(const void *p, size_t n)
{
    return hash_number(fnv(FNV_START, p, n));
}
