#include "rows.h"

#include <stdatomic.h>
#include <string.h>

/* ---------------------------------------------------------------- ids -------------------------------- */

static _Atomic int64_t last;

int64_t db_id_next(dcv_time now)
{
    int64_t seen = atomic_load(&last), next;
    do {
        next = db_id_at(now);
        if (next <= seen) /* a second one within the millisecond, or the clock was set back */
            next = seen + 1;
    } while (!atomic_compare_exchange_weak(&last, &seen, next));
    return next;
}

void db_id_seed(int64_t id)
{
    int64_t seen = atomic_load(&last);
    while (seen < id && !atomic_compare_exchange_weak(&last, &seen, id))
        ;
}

int64_t db_id_at(dcv_time t)
{
    if (t < 0)
        return 0;
    return t >> DB_ID_TIME_BITS ? INT64_MAX : t << DB_ID_COUNTER_BITS;
}

static const char digits[] = "0123456789abcdef";

void db_id_text(int64_t id, char out[17])
{
    for (int i = 15; i >= 0; i--, id = (int64_t)((uint64_t)id >> 4))
        out[i] = digits[id & 15];
    out[16] = '\0';
}

bool db_id_parse(const char *text, int64_t *ret)
{
    uint64_t id = 0;
    for (int i = 0; i < 16; i++) {
        const char *d = text[i] ? strchr(digits, text[i]) : NULL;
        if (!d)
            return false;
        id = id << 4 | (uint64_t)(d - digits);
    }
    if (text[16] || id > INT64_MAX)
        return false;
    *ret = (int64_t)id;
    return true;
}

/* ---------------------------------------------------------------- names ------------------------------ */

#define NAME(sym, text) [sym] = text,
static const char *const states[] = {DB_STATES(NAME)};
static const char *const watch_states[] = {DB_WATCH_STATES(NAME)};
static const char *const untils[] = {DB_UNTILS(NAME)};

/* The index of a name among n; -1: it is none of them. */
static int find(const char *const names[], size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(text, names[i]))
            return (int)i;
    return -1;
}
#define FIND(names, text) find(names, sizeof names / sizeof *names, text)

const char *db_state_name(enum db_state s)
{
    return states[s];
}

bool db_state_parse(const char *text, enum db_state *ret)
{
    int i = FIND(states, text);
    if (i >= 0)
        *ret = (enum db_state)i;
    return i >= 0;
}

const char *watch_state_name(enum watch_state s)
{
    return watch_states[s];
}

bool watch_state_parse(const char *text, enum watch_state *ret)
{
    int i = FIND(watch_states, text);
    if (i >= 0)
        *ret = (enum watch_state)i;
    return i >= 0;
}

const char *watch_until_name(enum watch_until u)
{
    return untils[u];
}

bool watch_until_parse(const char *text, enum watch_until *ret)
{
    int i = FIND(untils, text);
    if (i >= 0)
        *ret = (enum watch_until)i;
    return i >= 0;
}
