/* A chain of trust made from any bytes: the walk ends within its bounds and only goes up, and a fault has a zone and a
 * proof. The input is DNS messages, each after its length in two bytes; they answer the questions in order, and after
 * the last one from the first again. */
#include <stdlib.h>
#include <string.h>

#include "evidence/chain.h"
#include "evidence/evidence.h"
#include "wire/name.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct net {
    struct evidence ev;
    const uint8_t *data;
    size_t size, at;
};

static struct bytes next_message(struct net *n)
{
    if (n->size - n->at < 2)
        n->at = 0;
    if (n->size < 2)
        return (struct bytes){n->data, 0};
    size_t len = (size_t)n->data[n->at] << 8 | n->data[n->at + 1];
    n->at += 2;
    if (len > n->size - n->at)
        len = n->size - n->at;
    struct bytes b = {n->data + n->at, len};
    n->at += len;
    return b;
}

static const struct fact *want(void *self, const struct ask *question)
{
    struct net *n = self;
    bool is_new;
    struct ask *q = evidence_ask(&n->ev, question, &is_new);
    must(q != NULL);
    must(question->cd && question->dnssec);
    if (is_new) {
        struct bytes b = next_message(n);
        struct fact *f = arena_alloc(n->ev.arena, sizeof *f);
        must(f && !wire_answer(n->ev.arena, b.p, b.n, NULL, 0, &f->dns));
        f->ask = q;
        must(!evidence_add(&n->ev, f));
    }
    return q->fact;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64 << 20);
    struct net n = {.data = data, .size = size};
    struct asker asker = {&n, want};
    struct chain c;
    struct chain_fault f;
    must(a != NULL);
    evidence_init(&n.ev, a, 1024);
    int rc = chain_walk(a, &asker, "_dnsauth.txt-bogus.com.", RR_TXT, &c);
    must(rc == 0 || arena_full(a));
    if (!rc) {
        /* Each question at most twice, the second time over TCP: the answer, two for each zone, and SOA for each item
         * and each zone. */
        must(n.ev.n_asks <= 2 * (1 + 3 * CHAIN_ZONES_MOST + CHAIN_ITEMS_MOST));
        must(c.n <= CHAIN_ZONES_MOST && c.n_items <= CHAIN_ITEMS_MOST);
        for (size_t i = 0; i < c.n; i++)
            must(!c.zone[i].parent || (name_within(c.zone[i].name, c.zone[i].parent->name) &&
                                       name_labels(c.zone[i].name) > name_labels(c.zone[i].parent->name)));
        rc = chain_fault(a, &c, INT64_C(1795500000000), NULL, &f);
        must(rc == 0 || arena_full(a));
        if (!rc && f.kind != CHAIN_NO_FAULT)
            must(f.zone && f.fact && (f.owner || f.kind == CHAIN_NO_KEYS || f.kind == CHAIN_OTHER_KEYS));
    }
    arena_free(a);
    return 0;
}
