/* evidence.c - the asks and facts of one check: each question is stored once and found by its hash. */
#include "evidence/evidence.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { BUCKETS_FIRST = 4 }; /* most of many checks ask one or two questions */

/* Hashes eight bytes at a time, since names are long and looked up often. The case of letters is ignored. */
static uint64_t hash_text(uint64_t h, const char *s)
{
    const uint64_t fold = UINT64_C(0x2020202020202020), prime = UINT64_C(0x9e3779b97f4a7c15);
    size_t n = s ? strlen(s) : 0;
    h = (h ^ n) * prime;
    for (; n; n -= n < 8 ? n : 8, s += 8) {
        uint64_t word = 0;
        memcpy(&word, s, n < 8 ? n : 8);
        h = (h ^ (word | fold)) * prime;
        h ^= h >> 32;
    }
    return h;
}

static uint32_t ask_hash(const struct ask *q)
{
    uint64_t h = (uint64_t)q->kind ^ (uint64_t)q->via << 4 ^ (uint64_t)q->qtype << 8;
    h = hash_text(h, q->qname);
    h = hash_text(h, q->server);
    h = hash_text(h, q->url);
    h = hash_text(h, q->address);
    return (uint32_t)hash_text(h, q->agent);
}

static bool same_text(const char *a, const char *b, bool fold)
{
    if (a == b || !a || !b)
        return a == b;
    return fold ? !strcasecmp(a, b) : !strcmp(a, b);
}

static bool ask_same(const struct ask *a, const struct ask *b)
{
    return a->kind == b->kind && a->via == b->via && a->qtype == b->qtype && a->tcp == b->tcp &&
           a->cd == b->cd && a->no_edns == b->no_edns && a->dnssec == b->dnssec &&
           a->mixed_case == b->mixed_case && a->browser == b->browser && a->whole == b->whole &&
           same_text(a->qname, b->qname, true) && same_text(a->server, b->server, true) &&
           same_text(a->url, b->url, false) && same_text(a->address, b->address, false) &&
           same_text(a->agent, b->agent, false) && same_text(a->perspective, b->perspective, false);
}

void evidence_init(struct evidence *ev, struct arena *a, size_t most_asks)
{
    *ev = (struct evidence){.arena = a, .most_asks = most_asks};
}

static struct ask *find(const struct evidence *ev, const struct ask *question, uint32_t hash)
{
    struct ask *q = ev->n_buckets ? ev->buckets[hash & (ev->n_buckets - 1)] : NULL;
    while (q && !(q->hash == hash && ask_same(q, question)))
        q = q->bucket;
    return q;
}

struct ask *evidence_find(const struct evidence *ev, const struct ask *question)
{
    return ev->n_buckets ? find(ev, question, ask_hash(question)) : NULL;
}

static bool buckets_grow(struct evidence *ev)
{
    size_t n = ev->n_buckets ? ev->n_buckets * 2 : BUCKETS_FIRST;
    struct ask **buckets = arena_array(ev->arena, n, sizeof(struct ask *));
    if (!buckets)
        return false;
    for (size_t i = 0; i < ev->n_asks; i++) {
        struct ask **b = &buckets[ev->asks[i]->hash & (n - 1)];
        ev->asks[i]->bucket = *b;
        *b = ev->asks[i];
    }
    ev->buckets = buckets;
    ev->n_buckets = n;
    return true;
}

static const char *copy(struct arena *a, const char *s)
{
    return s ? arena_strdup(a, s) : NULL;
}

struct ask *evidence_ask(struct evidence *ev, const struct ask *question, bool *is_new)
{
    if (is_new)
        *is_new = false;
    const uint32_t hash = ask_hash(question);
    struct ask *q = find(ev, question, hash);
    if (q)
        return q;
    if (ev->n_asks >= ev->most_asks) {
        ev->overflow = true;
        return NULL;
    }
    if (ev->n_asks >= ev->n_buckets && !buckets_grow(ev))
        return NULL;
    struct ask **asks = arena_grow(ev->arena, ev->asks, ev->n_asks, sizeof *asks);
    if (!asks)
        return NULL;
    ev->asks = asks;
    q = arena_alloc(ev->arena, sizeof *q);
    if (!q)
        return NULL;
    *q = *question;
    q->qname = copy(ev->arena, question->qname);
    q->server = copy(ev->arena, question->server);
    q->url = copy(ev->arena, question->url);
    q->address = copy(ev->arena, question->address);
    q->perspective = copy(ev->arena, question->perspective);
    if (arena_full(ev->arena))
        return NULL;
    q->number = (uint32_t)ev->n_asks;
    q->fact = NULL;
    q->next = NULL;
    q->hash = hash;
    struct ask **b = &ev->buckets[hash & (ev->n_buckets - 1)];
    q->bucket = *b;
    *b = q;
    ev->asks[ev->n_asks++] = q;
    ev->unchecked = ev->unchecked || q->cd;
    if (is_new)
        *is_new = true;
    return q;
}

bool evidence_places_full(const struct evidence *ev, const struct ask *fetch)
{
    const char *seen[EVIDENCE_PLACES_MOST];
    size_t n = 0;
    for (size_t i = 0; i < ev->n_asks; i++) {
        const struct ask *q = ev->asks[i];
        size_t k = 0;
        if (q->kind != ASK_HTTP)
            continue;
        if (fetch && !strcmp(q->address, fetch->address))
            return false;
        while (k < n && strcmp(seen[k], q->address) != 0)
            k++;
        if (k == EVIDENCE_PLACES_MOST)
            return true;
        seen[k] = q->address;
        n += k == n;
    }
    return n == EVIDENCE_PLACES_MOST;
}

bool evidence_bounded(const struct evidence *ev)
{
    return ev->overflow || ev->n_asks >= EVIDENCE_ASKS_MOST || evidence_places_full(ev, NULL);
}

int evidence_add(struct evidence *ev, struct fact *fact)
{
    struct fact **facts = arena_grow(ev->arena, ev->facts, ev->n, sizeof *facts);
    if (!facts)
        return -ENOMEM;
    ev->facts = facts;
    fact->n = (uint32_t)ev->n + 1;
    ev->facts[ev->n++] = fact;
    ((struct ask *)fact->ask)->fact = fact; /* made by evidence_ask(), so it may be written */
    return 0;
}
