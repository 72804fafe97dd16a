#include "threads/generation.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct generation {
    struct generation *next; /* the one before it */
    struct generations *all;
    struct arena *arena;
    struct conf conf;
    struct net_config net_config;
    size_t users;
    unsigned pending; /* nets that open or close */
    bool ending;
    struct shard_net *failed; /* to open; NULL: none */
    struct shard_net nets[SHARDS_MOST];
};

struct generations {
    struct shards *shards;
    struct conf in_force;
    struct generation *list; /* newest first; the first is in force */
    struct generation *opening;
    generation_opened_fn *opened;
    void *opened_user;
    uv_timer_t reaper;
    struct shard_nets nets[SHARDS_MOST]; /* of all generations, by shard */
    bool closing;
    void (*closed)(void *user);
    void *closed_user;
};

/* ---------------------------------------------------------------- the end of one --------------------- */

static void generation_free(struct generation *g)
{
    arena_free(g->arena);
    free(g);
}

static void on_reaper_closed(uv_handle_t *h)
{
    struct generations *all = h->data;
    all->closed(all->closed_user);
}

static void close_check(struct generations *all)
{
    if (all->closing && !all->list && !all->opening && !uv_is_closing((uv_handle_t *)&all->reaper))
        uv_close((uv_handle_t *)&all->reaper, on_reaper_closed);
}

static void on_net_closed(struct shard_net *n)
{
    struct generation *g = n->user;
    struct generations *all = g->all;
    if (--g->pending)
        return;
    for (struct generation **p = &all->list; *p; p = &(*p)->next)
        if (*p == g) {
            *p = g->next;
            break;
        }
    generation_free(g);
    close_check(all);
}

static void generation_end(struct generation *g)
{
    unsigned n = shards_count(g->all->shards);
    g->ending = true;
    g->pending = n;
    for (unsigned i = 0; i < n; i++)
        shard_net_close(&g->nets[i], on_net_closed);
}

static void on_reaper(uv_timer_t *timer)
{
    struct generations *all = timer->data;
    for (struct generation *g = all->list, *next; g; g = next) {
        next = g->next;
        if (!g->users && !g->ending && (g != all->list || all->closing))
            generation_end(g);
    }
    close_check(all);
}

/* A net is closed in a turn of its own: who leaves may have been called by it. */
static void reap(struct generations *all)
{
    if (!uv_is_closing((uv_handle_t *)&all->reaper))
        uv_timer_start(&all->reaper, on_reaper, 0, 0);
}

/* ---------------------------------------------------------------- the start of one ------------------- */

static void come_into_force(struct generation *g)
{
    struct generations *all = g->all;
    g->next = all->list;
    all->list = g;
    all->in_force = g->conf;
    reap(all);
}

static void dropped(struct generation *g)
{
    struct generations *all = g->all;
    all->opening = NULL;
    all->opened(all->opened_user, g->failed->status, g->failed->why);
    generation_free(g);
    close_check(all);
}

static void on_dropped(struct shard_net *n)
{
    struct generation *g = n->user;
    if (!--g->pending)
        dropped(g);
}

static void on_net_opened(struct shard_net *n)
{
    struct generation *g = n->user;
    struct generations *all = g->all;
    if (n->status)
        g->failed = n;
    if (--g->pending)
        return;
    if (!g->failed) {
        all->opening = NULL;
        come_into_force(g);
        all->opened(all->opened_user, 0, NULL);
        close_check(all);
        return;
    }
    unsigned shards = shards_count(all->shards);
    for (unsigned i = 0; i < shards; i++)
        g->pending += !g->nets[i].status;
    if (!g->pending)
        dropped(g);
    else
        for (unsigned i = 0; i < shards; i++)
            if (!g->nets[i].status)
                shard_net_close(&g->nets[i], on_dropped);
}

/* Limits of the configuration are for the whole daemon; each shard has an equal part of them. */
static unsigned part_of(uint32_t limit, unsigned n)
{
    return (limit + n - 1) / n;
}

int generations_open(struct generations *all, struct arena *a, const struct conf *conf,
                     generation_opened_fn *opened, void *user)
{
    struct generation *g = calloc(1, sizeof *g);
    if (!g)
        return -ENOMEM;
    unsigned n = shards_count(all->shards);
    g->all = all;
    g->arena = a;
    g->conf = *conf;
    g->conf.defaults.profile = &g->conf.profile;
    const struct conf *c = &g->conf;
    g->net_config = net_config_of(c);
    g->net_config.per_server = part_of(c->per_server, n);
    g->net_config.fetches = part_of(c->fetches, n);
    all->opening = g;
    all->opened = opened;
    all->opened_user = user;
    g->pending = n;
    for (unsigned i = 0; i < n; i++) {
        g->nets[i] = (struct shard_net){
            .shards = all->shards, .all = &all->nets[i], .at = i, .config = &g->net_config, .user = g};
        shard_net_open(&g->nets[i], on_net_opened);
    }
    return 0;
}

/* ---------------------------------------------------------------- working under one ------------------ */

bool generations_opening(const struct generations *all)
{
    return all->opening;
}

const struct conf *generations_conf(const struct generations *all)
{
    return &all->in_force;
}

struct generation *generation_join(struct generations *all)
{
    all->list->users++;
    return all->list;
}

void generation_leave(struct generation *g)
{
    if (!--g->users && (g != g->all->list || g->all->closing))
        reap(g->all);
}

const struct conf *generation_conf(const struct generation *g)
{
    return &g->conf;
}

void generation_check(struct generation *g, struct remote_check *c, int64_t key)
{
    unsigned n = shards_count(g->all->shards);
    remote_check_start(c, &g->nets[n > 1 ? hash_number((uint64_t)key) % n : 0]);
}

/* ---------------------------------------------------------------- counting --------------------------- */

struct counting {
    struct generations *all;
    generations_counted_fn *counted;
    void *user;
    unsigned pending;
    struct shard_count { /* the shard's own while it counts */
        struct errand errand;
        struct counting *of;
        struct generations_counters counters;
    } shard[SHARDS_MOST];
};

static void on_counted(struct errand *e)
{
    struct counting *c = CONTAINER(e, struct shard_count, errand)->of;
    if (--c->pending)
        return;
    struct generations_counters sum = {0};
    for (unsigned i = 0; i < shards_count(c->all->shards); i++) {
        const struct generations_counters *t = &c->shard[i].counters;
        net_counters_add(&sum.network, &t->network);
        histogram_join(&sum.turn_seconds, &t->turn_seconds);
        if (t->turn_longest > sum.turn_longest)
            sum.turn_longest = t->turn_longest;
        if (t->turn_longest_cpu > sum.turn_longest_cpu)
            sum.turn_longest_cpu = t->turn_longest_cpu;
    }
    c->counted(c->user, &sum);
    free(c);
}

static void on_count(struct errand *e)
{
    struct shard_count *p = CONTAINER(e, struct shard_count, errand);
    const struct loop_lag *lag = shards_lag(e->shards, e->at);
    shard_nets_count(&p->of->all->nets[e->at], &p->counters.network);
    p->counters.turn_seconds = lag->seconds;
    p->counters.turn_longest = lag->longest;
    p->counters.turn_longest_cpu = lag->longest_cpu;
    errand_return(e, on_counted);
}

int generations_count(struct generations *all, generations_counted_fn *counted, void *user)
{
    struct counting *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    unsigned n = shards_count(all->shards);
    *c = (struct counting){.all = all, .counted = counted, .user = user, .pending = n};
    for (unsigned i = n; i--;) { /* shard 0, which is a plain call, is the last: c may be freed by it */
        c->shard[i].of = c;
        errand_send(&c->shard[i].errand, all->shards, i, on_count);
    }
    return 0;
}

/* ---------------------------------------------------------------- start and end ---------------------- */

int generations_new(uv_loop_t *uv, struct shards *shards, struct generations **ret)
{
    struct generations *all = calloc(1, sizeof *all);
    if (!all)
        return -ENOMEM;
    all->shards = shards;
    uv_timer_init(uv, &all->reaper);
    all->reaper.data = all;
    *ret = all;
    return 0;
}

void generations_close(struct generations *all, void (*closed)(void *user), void *user)
{
    all->closing = true;
    all->closed = closed;
    all->closed_user = user;
    reap(all);
}

void generations_free(struct generations *all)
{
    free(all);
}
