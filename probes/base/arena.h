/* arena.h - the memory of one check.
 *
 * A bump allocator with a ceiling that is set at birth. Everything that a check learns and says lives in one
 * arena and goes with it in one arena_free(). An arena has one owner and is used by one thread at a time; it
 * may be handed to another thread whole. Nothing in it is ever freed singly.
 *
 * Past the ceiling (or without memory) every call returns NULL and arena_full() stays true: callers may check
 * once at the end of a piece of work instead of after every call. */
#ifndef DCV_ARENA_H
#define DCV_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* ceiling: bytes that the arena may take from the heap in all, its own header included; 0 is no limit. */
struct arena *arena_new(size_t ceiling);
/* The same, with memory of the caller's for what comes first: for work that ends before that does. Aligned for any type,
 * and some hundred bytes at least: the header is in it, too, so that this never fails. */
struct arena *arena_over(void *memory, size_t size, size_t ceiling);
void arena_free(struct arena *a); /* NULL is allowed */
/* From here on it may take so many bytes more from the heap, whatever its ceiling was. */
void arena_allow(struct arena *a, size_t more);

/* Zeroed memory, aligned for any type. A size of 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* n members of size bytes, zeroed; NULL where the product overflows. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* Room for one more behind the n members of size bytes at list: list itself, or a copy with twice the room where n is a
 * power of two, so the list need not say how much room it has. For lists that grew by this alone, from NULL and 0 on.
 * NULL: full, and list is as it was. */
void *arena_grow(struct arena *a, const void *list, size_t n, size_t size);

char *arena_strdup(struct arena *a, const char *s);
/* A copy of len bytes and a NUL behind them; the bytes may hold NULs themselves. */
char *arena_strndup(struct arena *a, const void *p, size_t len);
/* The texts one behind the other, up to a NULL: several times faster than arena_printf(). */
char *arena_concat(struct arena *a, ...) __attribute__((sentinel));
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

size_t arena_used(const struct arena *a); /* bytes taken from the heap */
bool arena_full(const struct arena *a);   /* an allocation was refused since birth */

#endif
