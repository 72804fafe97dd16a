/* waiter.h - one who waits for the next change of a job's state. In the caller's memory, in one list at most;
 * loop's thread. */
#ifndef DCVD_WAITER_H
#define DCVD_WAITER_H

struct waiter {
    void (*fn)(void *user); /* once; it has left the list by then */
    void *user;
    struct waiter *next, **back; /* back: NULL while it waits for nothing */
};
void waiter_join(struct waiter **list, struct waiter *w);
void waiter_leave(struct waiter *w); /* one that waits for nothing is allowed */
/* Calls all; list is what was the list's head, taken off its owner. A waiter may join or leave any list from
 * within fn. */
void waiters_tell(struct waiter *list);

#endif
