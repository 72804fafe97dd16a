#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first block is just large enough for a check that waits for its first answer, with its request: many thousands of
 * such checks may wait at a time. Each later block is twice as large, up to BLOCK_MOST, so that a check with a thousand
 * facts calls malloc() only a dozen times. */
enum { BLOCK_FIRST = 1344, BLOCK_MOST = 65536 };

struct block {
    struct block *next;
    size_t size, used; /* of data[] */
    alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct block *top;
    size_t ceiling, taken, block;
    struct arena_budget *budget; /* NULL: none */
    bool full, over;             /* over: made by arena_over() */
    bool lacking, last;          /* lacking: arena_short(); last: the budget refuses nothing any more */
};

/* Bytes between the header and the first block where both share memory, see arena_over(). */
enum { HEADER = (sizeof(struct arena) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t) };

/* ---------------------------------------------------------------- a budget of many ------------------- */

void arena_budget_init(struct arena_budget *b, size_t most, size_t arenas)
{
    atomic_init(&b->used, 0);
    arena_budget_change(b, most, arenas);
}

void arena_budget_change(struct arena_budget *b, size_t most, size_t arenas)
{
    atomic_store_explicit(&b->large, most / 2, memory_order_relaxed);
    atomic_store_explicit(&b->share, most / 2 / (arenas ? arenas : 1), memory_order_relaxed);
}

bool arena_budget_open(const struct arena_budget *b)
{
    size_t half = atomic_load_explicit(&b->large, memory_order_relaxed);
    return atomic_load_explicit(&b->used, memory_order_relaxed) < half + half / 2;
}

void arena_charge(struct arena *a, struct arena_budget *b)
{
    a->budget = b;
    atomic_fetch_add_explicit(&b->used, a->taken, memory_order_relaxed);
}

bool arena_short(const struct arena *a)
{
    return a->full && a->lacking;
}

/* False: the budget is used up, and the arena has more than its share. */
static bool afford(struct arena *a, size_t size)
{
    struct arena_budget *b = a->budget;
    if (!b)
        return true;
    size_t used = atomic_fetch_add_explicit(&b->used, size, memory_order_relaxed) + size;
    if (used <= atomic_load_explicit(&b->large, memory_order_relaxed) ||
        a->taken + size <= atomic_load_explicit(&b->share, memory_order_relaxed) || a->last)
        return true;
    atomic_fetch_sub_explicit(&b->used, size, memory_order_relaxed);
    return false;
}

static void give_back(struct arena *a, size_t size)
{
    if (a->budget)
        atomic_fetch_sub_explicit(&a->budget->used, size, memory_order_relaxed);
}

/* ---------------------------------------------------------------- blocks ----------------------------- */

/* True where a block of that size in all stays below the ceiling and within the budget, which it then counts in. */
static bool allowed(struct arena *a, size_t whole)
{
    if (a->ceiling && (whole > a->ceiling || a->taken > a->ceiling - whole))
        return false;
    bool affordable = afford(a, whole);
    a->lacking = a->lacking || !affordable;
    return affordable;
}

static struct block *block_add(struct arena *a, size_t need)
{
    size_t size = a->block > need ? a->block : need;
    if (size > SIZE_MAX - sizeof(struct block))
        return NULL;
    size_t whole = sizeof(struct block) + size;
    if (!allowed(a, whole)) {
        /* Near the bound, a block of exactly this size may still be allowed. */
        size = need;
        whole = sizeof(struct block) + size;
        if (!allowed(a, whole))
            return NULL;
    }
    struct block *b = malloc(whole);
    if (!b) {
        give_back(a, whole);
        return NULL;
    }
    *b = (struct block){.next = a->top, .size = size};
    a->top = b;
    a->taken += whole;
    if (a->block < BLOCK_MOST)
        a->block *= 2;
    return b;
}

struct arena *arena_new(size_t ceiling)
{
    struct arena *a = malloc(sizeof *a);
    if (!a)
        return NULL;
    *a = (struct arena){.ceiling = ceiling, .taken = sizeof *a, .block = BLOCK_FIRST - sizeof(struct block)};
    return a;
}

struct arena *arena_over(void *memory, size_t size, size_t ceiling)
{
    struct arena *a = memory;
    struct block *first = (struct block *)((unsigned char *)memory + HEADER);
    *first = (struct block){.size = size - HEADER - sizeof *first};
    *a = (struct arena){.top = first, .ceiling = ceiling, .block = 2 * size, .over = true};
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    give_back(a, a->taken);
    for (struct block *b = a->top, *next; b; b = next) {
        next = b->next;
        if (next || !a->over)
            free(b);
    }
    if (!a->over)
        free(a);
}

void arena_allow(struct arena *a, size_t more)
{
    a->ceiling = a->taken + more;
    a->last = a->full;
}

/* Like arena_alloc(), but the memory is not zeroed, and is aligned to align only. */
static void *take(struct arena *a, size_t size, size_t align)
{
    if (size > SIZE_MAX - align) {
        a->full = true;
        return NULL;
    }
    struct block *b = a->top;
    size_t at = b ? (b->used + align - 1) / align * align : 0;
    if (!b || at > b->size || b->size - at < size) {
        b = block_add(a, size);
        at = 0;
        if (!b) {
            a->full = true;
            return NULL;
        }
    }
    b->used = at + size;
    return b->data + at;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p = take(a, size, alignof(max_align_t));
    return p ? memset(p, 0, size) : NULL;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        a->full = true;
        return NULL;
    }
    return arena_alloc(a, bytes);
}

char *arena_strndup(struct arena *a, const void *p, size_t len)
{
    char *s = len < SIZE_MAX ? take(a, len + 1, 1) : NULL;
    if (s && len)
        memcpy(s, p, len);
    if (s)
        s[len] = '\0';
    return s;
}

void *arena_grow(struct arena *a, const void *list, size_t n, size_t size)
{
    if (n & (n - 1))
        return (void *)(uintptr_t)list; /* only const because this function does not write to it */
    void *more = n > SIZE_MAX / 2 ? NULL : arena_array(a, n ? n * 2 : 1, size);
    if (more && n)
        memcpy(more, list, n * size);
    return more;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_concat(struct arena *a, ...)
{
    va_list ap, again;
    size_t len = 0;
    va_start(ap, a);
    va_copy(again, ap);
    for (const char *s; (s = va_arg(ap, const char *));)
        len += strlen(s);
    va_end(ap);
    char *text = take(a, len + 1, 1), *end = text;
    for (const char *s; text && (s = va_arg(again, const char *));)
        end = stpcpy(end, s);
    va_end(again);
    if (text)
        *end = '\0';
    return text;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    /* Most texts fit into the rest of the top block: they are printed there, and that memory is then allocated. */
    struct block *b = a->top;
    size_t room = b ? b->size - b->used : 0;
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(room ? (char *)b->data + b->used : NULL, room, fmt, ap);
    bool written = n >= 0 && (size_t)n < room;
    char *s = n < 0 ? NULL : take(a, (size_t)n + 1, 1);
    if (s && !(written && a->top == b))
        vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

size_t arena_used(const struct arena *a)
{
    return a->taken;
}

bool arena_full(const struct arena *a)
{
    return a->full;
}
