/* arena.h - the memory of one check.
 *
 * A bump allocator with a ceiling that is set at birth. Everything that a check learns and says is allocated in one
 * arena and freed with it by one arena_free(). An arena has one owner and is used by one thread at a time; it may be
 * handed to another thread as a whole. No single allocation in it is ever freed. Sizes are bytes.
 *
 * Past the ceiling (or without memory) every call returns NULL and arena_full() stays true: a caller may check once at
 * the end of its work instead of after every call. */
#ifndef DCV_ARENA_H
#define DCV_ARENA_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How want of memory is reported, for the arena and the heap. */
#define OUT_OF_MEMORY "out of memory"

struct arena;

/* ceiling: how many bytes the arena may take from the heap in all, its own header included; 0 means no limit. */
struct arena *arena_new(size_t ceiling);
/* The same, but the header and the first block are in memory that the caller provides and that outlives the arena. It
 * must be aligned for any type and hold some hundred bytes at least, so this never fails. */
struct arena *arena_over(void *memory, size_t size, size_t ceiling);
void arena_free(struct arena *a); /* NULL is allowed */

/* What many arenas may take from the heap together. Each may always have its share; beyond that it gets memory as long
 * as all of them together are below half of the budget. So all of them never take more than the budget, as long as
 * there are no more of them than shares in its other half, and one that grows without end does not keep the small ones
 * from ending. Belongs to its maker, whom all its arenas serve; these may be on any thread. */
struct arena_budget {
    atomic_size_t used;         /* bytes */
    atomic_size_t large, share; /* bytes: half of the budget; what each arena may always have */
};
/* arenas: how many there are at most at a time. */
void arena_budget_init(struct arena_budget *b, size_t most, size_t arenas);
/* Other limits; what is used stays. */
void arena_budget_change(struct arena_budget *b, size_t most, size_t arenas);
/* True where another arena may begin: all of them together are below three quarters of the budget. */
bool arena_budget_open(const struct arena_budget *b);
/* What the arena has taken, and will take, counts towards the budget, which must outlive it. */
void arena_charge(struct arena *a, struct arena_budget *b);
/* True once the budget, and not the arena's own ceiling, refused an allocation. */
bool arena_short(const struct arena *a);
/* Sets a new ceiling: more bytes above what the arena has taken from the heap so far. They are the last words of a full
 * arena: a budget does not refuse what is below the ceiling any longer. */
void arena_allow(struct arena *a, size_t more);

/* Zeroed memory, aligned for any type. A size of 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* n members of size bytes, zeroed; NULL where the product overflows. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* Makes room for one more member behind the n members of size bytes at list. Returns list itself, or a copy with twice
 * the room where n is 0 or a power of two; so nobody has to store how much room a list has. Only for lists that start
 * as NULL with n = 0 and grow by this function alone. NULL: the arena is full, and list is unchanged. */
void *arena_grow(struct arena *a, const void *list, size_t n, size_t size);

char *arena_strdup(struct arena *a, const char *s);
/* A copy of len bytes with a NUL after them; the bytes may contain NULs. */
char *arena_strndup(struct arena *a, const void *p, size_t len);
/* Joins the texts up to the first NULL argument: several times faster than arena_printf(). */
char *arena_concat(struct arena *a, ...) __attribute__((sentinel));
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

size_t arena_used(const struct arena *a); /* bytes taken from the heap */
bool arena_full(const struct arena *a);   /* true once an allocation was refused */

#endif
