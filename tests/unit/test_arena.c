/* The budget that many arenas share: what each may take, when no more may begin, and that all is given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

enum { MOST = 8 << 20, ARENAS = 32, SHARE = MOST / 2 / ARENAS, BLOCK = 64 << 10, PIECE = 1000 };

/* Takes blocks until one is refused; returns how many bytes the arena has. */
static size_t fill(struct arena *a)
{
    while (arena_alloc(a, PIECE))
        ;
    return arena_used(a);
}

static void one_grows_up_to_half_of_the_budget(void **state)
{
    struct arena_budget b;
    struct arena *large = arena_new(0), *small = arena_new(0);
    (void)state;
    arena_budget_init(&b, MOST, ARENAS);
    arena_charge(large, &b);
    arena_charge(small, &b);
    size_t used = fill(large);
    assert_true(used <= MOST / 2 && used > MOST / 2 - 2 * BLOCK);
    assert_true(arena_full(large) && arena_short(large));
    /* The others have their share all the same. */
    assert_non_null(arena_alloc(small, SHARE / 2));
    assert_false(arena_short(small));
    used = fill(small);
    assert_true(used <= SHARE);
    arena_free(large);
    assert_true(arena_budget_open(&b));
    assert_int_equal(atomic_load(&b.used), arena_used(small));
    arena_free(small);
    assert_int_equal(atomic_load(&b.used), 0);
}

static void all_of_them_stay_within_the_budget(void **state)
{
    struct arena_budget b;
    struct arena *v[ARENAS];
    (void)state;
    arena_budget_init(&b, MOST, ARENAS);
    for (size_t i = 0; i < ARENAS; i++) {
        v[i] = arena_new(0);
        arena_charge(v[i], &b);
    }
    assert_true(arena_budget_open(&b));
    for (size_t i = ARENAS; i--;) /* the last one takes the half that is nobody's */
        fill(v[i]);
    assert_true(atomic_load(&b.used) <= MOST);
    assert_false(arena_budget_open(&b));
    /* A full arena has its last words. */
    arena_allow(v[0], BLOCK);
    assert_non_null(arena_alloc(v[0], BLOCK / 2));
    for (size_t i = 0; i < ARENAS; i++)
        arena_free(v[i]);
    assert_int_equal(atomic_load(&b.used), 0);
}

static void a_ceiling_is_told_from_the_budget(void **state)
{
    struct arena_budget b;
    struct arena *a = arena_new(2 * BLOCK);
    (void)state;
    arena_budget_init(&b, MOST, ARENAS);
    arena_charge(a, &b);
    fill(a);
    assert_true(arena_full(a));
    assert_false(arena_short(a));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_grows_up_to_half_of_the_budget),
        cmocka_unit_test(all_of_them_stay_within_the_budget),
        cmocka_unit_test(a_ceiling_is_told_from_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
