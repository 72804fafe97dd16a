/* arena_fixture.h - one arena for each test of a file: cmocka's set-up and tear-down functions. */
#ifndef DCV_ARENA_FIXTURE_H
#define DCV_ARENA_FIXTURE_H

#include "base/arena.h"

static struct arena *arena;

static int arena_set_up(void **state)
{
    (void)state;
    arena = arena_new(0);
    return !arena;
}

static int arena_tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#endif
