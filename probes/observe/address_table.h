/* address_table.h - the addresses that an observer asks: what is in flight to each, and what waits for it.
 *
 * A struct address_table is a member of its observer and used on the thread of that observer's loop. It has one entry
 * for each address that is in use. The observer's own record of an address begins with the entry; the observer's
 * exchange begins with a struct address_link. An exchange holds a reference to its entry and waits in one of the two
 * queues of it. address_next() takes a waiting exchange, one address after the other, and counts it as in flight until
 * address_ended(). An address that has `most` in flight gets no more until one of them has ended. */
#ifndef DCV_ADDRESS_TABLE_H
#define DCV_ADDRESS_TABLE_H

#include "base/addr.h"

#include <sys/queue.h>

enum { ADDRESS_BUCKETS = 4096 };

struct address_link {
    TAILQ_ENTRY(address_link) link;
    struct address_queue *in; /* NULL: in no queue */
};

struct address_queue {
    TAILQ_HEAD(, address_link) list;
    struct address_entry *of; /* the address that this is a queue of; NULL: a list of the observer's own */
};

struct address_entry {
    struct address_table *table;
    struct address_entry *same_bucket;
    TAILQ_ENTRY(address_entry) run_link; /* in table.run while .runnable */
    struct addr addr;
    bool tcp, runnable;
    uint32_t in_flight, refs, bucket;
    struct address_queue again, waiting; /* again: what was in flight before; it is taken first */
};

struct address_table {
    struct address_entry *buckets[ADDRESS_BUCKETS];
    uint64_t hash_key; /* random, so that nobody can choose addresses that all have one bucket */
    size_t entry_size;
    unsigned most;
    TAILQ_HEAD(, address_entry) run; /* entries that have something waiting and may have more in flight */
    uint64_t in_flight, waiting;     /* sums over all entries */
};

/* entry_size: of the observer's record, which begins with the entry. most: in flight to one address. */
void address_table_init(struct address_table *t, size_t entry_size, unsigned most);
/* The entry for an address, with one more reference. UDP and TCP have separate entries. If .refs is 1, it is new, and
 * the rest of the observer's record is zero. NULL: out of memory. */
struct address_entry *address_get(struct address_table *t, const struct addr *addr, bool tcp);
/* Gives a reference back. True: it was the last one; the entry is out of the table, and the caller frees its record. */
bool address_put(struct address_entry *e);
/* Takes the exchange that is next. It is in no queue then, and in flight. NULL: none. */
struct address_link *address_next(struct address_table *t);
/* An exchange with this address is no longer in flight. */
void address_ended(struct address_entry *e);

/* For a list of the observer's own; queues of an entry are ready for use. */
void address_queue_init(struct address_queue *q);
/* Puts l, which is in no queue, at the end. */
void address_queue_add(struct address_queue *to, struct address_link *l);
/* Takes l out of the queue that it is in, if it is in one. */
void address_queue_remove(struct address_link *l);

static inline struct address_link *address_queue_first(const struct address_queue *q)
{
    return TAILQ_FIRST(&q->list);
}

/* True where address_next() has something to take. */
static inline bool address_runnable(const struct address_table *t)
{
    return !TAILQ_EMPTY(&t->run);
}

#endif
