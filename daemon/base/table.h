/* table.h - an intrusive hash table: finds objects by a 64-bit hash and never allocates for one.
 *
 * The object holds a struct link; the caller compares keys. It doubles when it is full and stays as large. */
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

void table_deinit(struct table *t); /* of an empty one, or of one whose objects live on elsewhere */
/* 0 or -ENOMEM. */
int table_add(struct table *t, struct link *l, uint64_t hash);
void table_remove(struct table *t, struct link *l);
/* The first with this hash, and the one after it; NULL at the end. */
struct link *table_first(const struct table *t, uint64_t hash);
struct link *table_next(const struct link *l);

uint64_t hash_bytes(const void *p, size_t n);
uint64_t hash_number(uint64_t v);

#endif
