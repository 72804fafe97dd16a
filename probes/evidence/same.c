#include "evidence/same.h"

#include "base/hash.h"

#include <errno.h>
#include <string.h>

bool rr_same(const struct rr *a, const struct rr *b)
{
    return a->rdlen == b->rdlen && (!a->rdlen || !memcmp(a->rdata, b->rdata, a->rdlen));
}

/* FNV-1a, then the last steps of splitmix64, since the sum of plain FNV values says little. */
static uint64_t hash_of(const struct rr *rr)
{
    uint64_t h = fnv(FNV_START, rr->rdata, rr->rdlen);
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    return h ^ h >> 31;
}

/* Servers mostly keep the order of a set, or rotate it. Any other order is told by the sum of the records'
 * hashes. */
bool rr_sets_same(const struct rr *const *a, size_t n_a, const struct rr *const *b, size_t n_b)
{
    if (n_a != n_b)
        return false;
    size_t first = 0, i = 0;
    while (n_a && first < n_b && !rr_same(a[0], b[first]))
        first++;
    if (n_a && first == n_b)
        return false;
    while (i < n_a && rr_same(a[i], b[(first + i) % n_b]))
        i++;
    uint64_t sum_a = 0, sum_b = 0;
    for (; i < n_a; i++) {
        sum_a += hash_of(a[i]);
        sum_b += hash_of(b[(first + i) % n_b]);
    }
    return sum_a == sum_b;
}

bool rrs_same(const struct rrs *a, const struct rrs *b)
{
    uint64_t sum_a = 0, sum_b = 0;
    for (size_t i = 0; a->n == b->n && i < a->n; i++) {
        sum_a += hash_of(&a->v[i]);
        sum_b += hash_of(&b->v[i]);
    }
    return a->n == b->n && sum_a == sum_b;
}

int rr_index_make(struct arena *a, const struct rr *const *v, size_t n, struct rr_index *ret)
{
    *ret = (struct rr_index){0};
    if (!n)
        return 0;
    ret->room = 1;
    while (ret->room < 2 * n)
        ret->room *= 2;
    ret->slot = arena_array(a, ret->room, sizeof *ret->slot);
    if (!ret->slot)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        size_t at = hash_of(v[i]) & (ret->room - 1);
        while (ret->slot[at] && !rr_same(ret->slot[at], v[i]))
            at = (at + 1) & (ret->room - 1);
        ret->slot[at] = v[i];
    }
    return 0;
}

bool rr_index_has(const struct rr_index *index, const struct rr *rr)
{
    size_t at = index->room ? hash_of(rr) & (index->room - 1) : 0;
    while (index->room && index->slot[at] && !rr_same(index->slot[at], rr))
        at = (at + 1) & (index->room - 1);
    return index->room && index->slot[at];
}
