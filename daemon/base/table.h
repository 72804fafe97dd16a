/* table.h - a hash table that finds objects by a 64-bit hash.
 *
 * Each object embeds a struct link, so that nothing is allocated for it; the caller compares keys. The table doubles
 * when it is full and never shrinks. Thread: its owner's. */
#ifndef DCVD_TABLE_H
#define DCVD_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

struct link {
    struct link *next;
    uint64_t hash;
};

struct table {
    struct link **buckets;
    size_t room, n; /* room is a power of two, or 0 */
};

void table_deinit(struct table *t); /* the objects are the caller's to free */
/* 0 or -ENOMEM. */
int table_add(struct table *t, struct link *l, uint64_t hash);
void table_remove(struct table *t, struct link *l);
/* The first object with this hash, and the next one with the same; NULL: there is none. */
struct link *table_first(const struct table *t, uint64_t hash);
struct link *table_next(const struct link *l);

uint64_t hash_bytes(const void *p, size_t n);
uint64_t hash_number(uint64_t v);

#endif
