/* waiter.h - somebody who waits for the next change of an object, and is told once.
 *
 * A waiter is in its caller's memory and in one list at most. Thread: the main loop's. */
#ifndef DCVD_WAITER_H
#define DCVD_WAITER_H

struct waiter {
    void (*fn)(void *user); /* called once; the waiter has left the list by then */
    void *user;
    struct waiter *next, **back; /* back: NULL while it waits for nothing */
};
void waiter_join(struct waiter **list, struct waiter *w);
void waiter_leave(struct waiter *w); /* one that waits for nothing is allowed */
/* Calls all of a list whose head was taken from its owner into *list, which is empty afterwards. Within fn waiters may
 * join and leave any list; whoever joins the owner's waits for the next change. */
void waiters_tell(struct waiter **list);

#endif
