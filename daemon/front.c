#include "front.h"

#include "clock.h"
#include "metrics.h"
#include "table.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct front {
    uv_loop_t *uv;
    const struct conf *conf;
    struct loop *loop;
    struct readers *readers;
    struct peers *peers;
    struct net *net;
    struct writer *writer;
    struct call *calls;
    bool stopping, ending; /* no new work; no more waiting either */
    void (*closed)(void *user);
    void *closed_user;
};

struct call {
    struct call *next, **back; /* in front->calls */
    struct front *front;
    struct exchange *exchange;
    struct arena *arena; /* of the request, and of what is read for it: a pool thread has it meanwhile */
    struct api_call api;
    struct waiter waiter;
    uv_timer_t timer;
    bool timer_open;
    struct read_job read;
    struct api_row *rows; /* what was read */
    size_t n_rows, room;
    struct api_counts counts[DB_COUNT_KINDS], *counting; /* of stats */
};

/* ---------------------------------------------------------------- answers ---------------------------- */

static void call_free(struct call *c)
{
    struct front *f = c->front;
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    arena_free(c->arena);
    free(c);
    if (f->closed && !f->calls)
        f->closed(f->closed_user);
}

static void on_timer_closed(uv_handle_t *h)
{
    call_free(h->data);
}

static void answer(struct call *c, struct api_answer *ans)
{
    exchange_answer(c->exchange, ans);
    waiter_leave(&c->waiter);
    if (c->timer_open)
        uv_close((uv_handle_t *)&c->timer, on_timer_closed);
    else
        call_free(c);
}

static void answer_error(struct call *c, int status, enum code code, const char *text)
{
    struct api_answer ans = {0};
    api_error(&ans, status, code, NULL, "%s", text);
    if (status == 429)
        ans.retry_after = 1;
    answer(c, &ans);
}

static void answer_broken(struct call *c, int error)
{
    answer_error(
        c, 500, CODE_internal_data_check_failed,
        error == -ENOSPC
            ? "the disk of the daemon's store is full; nothing was done, try again once there is room"
            : "the daemon's store does not work; nothing was done, the daemon's log says why");
}

/* A check that is alive has no reports yet. */
static void answer_alive(struct call *c, enum db_state state)
{
    struct api_answer ans = {0};
    if (c->api.action == API_SUBMIT)
        api_write_accepted(&ans, c->api.id, state);
    else
        api_write_check(&ans, c->api.id, state, NULL, 0);
    answer(c, &ans);
}

/* ---------------------------------------------------------------- reading the store ------------------ */

static int take_row(void *user, const struct db_check_row *row)
{
    struct call *c = user;
    if (c->n_rows == c->room) {
        size_t room = c->room ? c->room * 2 : 8;
        struct api_row *v = arena_array(c->arena, room, sizeof *v);
        if (!v)
            return -ENOMEM;
        if (c->n_rows)
            memcpy(v, c->rows, c->n_rows * sizeof *v);
        c->rows = v;
        c->room = room;
    }
    const char *domain = arena_strdup(c->arena, row->domain);
    c->rows[c->n_rows++] =
        (struct api_row){.id = row->id, .state = row->state, .domain = domain, .submitted = row->submitted};
    return domain ? 0 : -ENOMEM;
}

struct taking {
    struct arena *arena;
    struct api_report reports[METHOD_COUNT]; /* a check has one for each of its methods */
    size_t n;
};

static int take_result(void *user, const struct db_result_row *row)
{
    struct taking *t = user;
    if (t->n == METHOD_COUNT)
        return -EILSEQ;
    t->reports[t->n++] = (struct api_report){
        .report = arena_strndup(t->arena, row->report, row->report_len),
        .report_len = row->report_len,
        .evidence = row->evidence ? arena_strndup(t->arena, row->evidence, row->evidence_len) : NULL,
        .evidence_len = row->evidence_len,
    };
    return arena_full(t->arena) ? -ENOMEM : 0;
}

static int read_results(struct call *c, struct db *db, struct api_row *row, bool evidence)
{
    struct taking t = {.arena = c->arena};
    int rc = db_results(db, row->id, evidence, take_result, &t);
    if (rc || !t.n)
        return rc;
    struct api_report *v = arena_array(c->arena, t.n, sizeof *v);
    if (!v)
        return -ENOMEM;
    memcpy(v, t.reports, t.n * sizeof *v);
    row->reports = v;
    row->n_reports = t.n;
    return 0;
}

static int read_one(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    int rc = db_check(db, c->api.id, take_row, c);
    return rc ? rc : read_results(c, db, &c->rows[0], true);
}

static void on_one(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    char text[17];
    db_id_text(c->api.id, text);
    struct api_answer ans = {0};
    if (status == -ENOENT) {
        api_error(&ans, 404, CODE_not_found, NULL,
                  "there is no check %s: it never was, or its time in the store is over", text);
    } else if (status) {
        answer_broken(c, status);
        return;
    } else {
        api_write_check(&ans, c->api.id, c->rows[0].state, c->rows[0].reports, c->rows[0].n_reports);
    }
    answer(c, &ans);
}

static int read_list(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct db_filter f = c->api.filter;
    f.limit++; /* one more tells whether the list goes on */
    int rc = db_list(db, &f, take_row, c);
    for (size_t i = 0; !rc && i < c->n_rows && i < c->api.filter.limit; i++)
        rc = read_results(c, db, &c->rows[i], false);
    return rc;
}

static void on_list(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    if (status) {
        answer_broken(c, status);
        return;
    }
    bool more = c->n_rows > c->api.filter.limit;
    size_t n = more ? c->api.filter.limit : c->n_rows;
    for (size_t i = 0; i < n; i++)
        if (c->rows[i].state == STATE_QUEUED) /* the store does not know which of them run */
            loop_state(c->front->loop, c->rows[i].id, &c->rows[i].state);
    struct api_answer ans = {0};
    api_write_list(&ans, c->rows, n, more ? c->rows[n - 1].id : 0);
    answer(c, &ans);
}

static int take_count(void *user, const char *value, int64_t n)
{
    struct call *c = user;
    struct api_counts *k = c->counting;
    if ((k->n & (k->n - 1)) == 0) { /* full: the room is the next power of two */
        struct api_count *v = arena_array(c->arena, k->n ? k->n * 2 : 1, sizeof *v);
        if (!v)
            return -ENOMEM;
        if (k->n)
            memcpy(v, k->v, k->n * sizeof *v);
        k->v = v;
    }
    k->v[k->n++] = (struct api_count){arena_strdup(c->arena, value), n};
    return arena_full(c->arena) ? -ENOMEM : 0;
}

static int read_stats(struct read_job *job, struct db *db)
{
    struct call *c = CONTAINER(job, struct call, read);
    dcv_time since = c->api.filter.since == TIME_UNKNOWN ? 0 : c->api.filter.since;
    int rc = 0;
    for (unsigned k = 0; k < DB_COUNT_KINDS && !rc; k++) {
        c->counting = &c->counts[k];
        rc = db_count(db, (enum db_count)k, since, take_count, c);
    }
    return rc;
}

static void on_stats(struct read_job *job, int status)
{
    struct call *c = CONTAINER(job, struct call, read);
    struct api_answer ans = {0};
    if (status) {
        answer_broken(c, status);
        return;
    }
    api_write_stats(&ans, c->api.filter.since, c->counts);
    answer(c, &ans);
}

static void read_store(struct call *c, int (*read)(struct read_job *job, struct db *db),
                       void (*done)(struct read_job *job, int status))
{
    c->read.read = read;
    c->read.done = done;
    readers_run(c->front->readers, &c->read);
}

/* ---------------------------------------------------------------- one check -------------------------- */

/* What is known now, from the loop or from the store. */
static void show(struct call *c)
{
    enum db_state state;
    waiter_leave(&c->waiter);
    if (c->timer_open)
        uv_timer_stop(&c->timer);
    if (loop_state(c->front->loop, c->api.id, &state))
        answer_alive(c, state);
    else
        read_store(c, read_one, on_one);
}

static void on_timer(uv_timer_t *timer)
{
    show(timer->data);
}

static void on_change(void *user)
{
    struct call *c = user;
    /* Who submits waits for the reports, who asks waits for any change. */
    if (c->api.action != API_SUBMIT || !loop_wait(c->front->loop, c->api.id, &c->waiter))
        show(c);
}

static void wait_or_show(struct call *c)
{
    if (!c->api.wait_ms || c->front->ending || !loop_wait(c->front->loop, c->api.id, &c->waiter)) {
        show(c);
        return;
    }
    uv_timer_init(c->front->uv, &c->timer);
    c->timer.data = c;
    c->timer_open = true;
    uv_timer_start(&c->timer, on_timer, c->api.wait_ms, 0);
}

static void answer_ending(struct call *c)
{
    answer_error(c, 429, CODE_request_limit_exceeded, "the daemon is ending; try again when it is back");
}

static void on_submitted(void *user, int64_t id, int status)
{
    struct call *c = user;
    c->api.id = id;
    if (status == -ESHUTDOWN)
        answer_ending(c);
    else if (status)
        answer_broken(c, status);
    else if (!c->api.wait_ms)
        answer_alive(c, STATE_QUEUED);
    else
        wait_or_show(c);
}

static void on_cancelled(void *user, int status)
{
    struct call *c = user;
    if (status)
        answer_broken(c, status);
    else
        show(c);
}

static void submit(struct call *c)
{
    struct front *f = c->front;
    int rc = f->stopping ? -ESHUTDOWN
                         : loop_submit(f->loop, c->api.domain, c->api.text, c->api.text_len, on_submitted, c);
    if (rc == -ESHUTDOWN)
        answer_ending(c);
    else if (rc == -EAGAIN)
        answer_error(c, 429, CODE_request_limit_exceeded, "the queue of checks is full; try again later");
    else if (rc)
        answer_error(c, 500, CODE_internal_data_check_failed,
                     "there is no memory for this request; try again");
}

static void cancel(struct call *c)
{
    int rc = loop_cancel(c->front->loop, c->api.id, on_cancelled, c);
    if (rc == -ENOENT) /* it has ended, or never was */
        show(c);
    else if (rc == -ESHUTDOWN)
        answer_ending(c);
    else if (rc)
        answer_broken(c, rc);
}

static void say(struct call *c, const char *state)
{
    struct api_answer ans = {.status = 200};
    struct json_out j = {.b = &ans.body};
    json_open(&j, NULL, '{');
    json_text(&j, "status", state);
    json_close(&j, '}');
    answer(c, &ans);
}

static void ready(struct call *c)
{
    struct loop_counters counters;
    loop_counters(c->front->loop, &counters);
    if (c->front->stopping)
        answer_error(c, 503, CODE_internal_data_check_failed, "the daemon is ending");
    else if (counters.failing)
        answer_error(c, 503, CODE_internal_data_check_failed,
                     "the store takes nothing in; the daemon's log says why");
    else
        say(c, "ready");
}

/* Pages in RAM: the second number of statm. */
static uint64_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%*s %lu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_descriptors(void)
{
    uint64_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n > 3 ? n - 3 : 0; /* "." and "..", and the one that looks */
}

static void metrics(struct call *c)
{
    struct metrics m = {.resident_bytes = resident_bytes(), .open_descriptors = open_descriptors()};
    struct api_answer ans = {.status = 200, .type = METRICS_TYPE};
    loop_counters(c->front->loop, &m.loop);
    writer_counters(c->front->writer, &m.writer);
    net_counters(c->front->net, &m.dns, &m.http);
    metrics_write(&ans.body, &m);
    answer(c, &ans);
}

/* ---------------------------------------------------------------- all together ----------------------- */

static void dispatch(struct call *c, struct api_answer *ans)
{
    switch (c->api.action) {
    case API_SUBMIT:
        submit(c);
        break;
    case API_SHOW:
        wait_or_show(c);
        break;
    case API_LIST:
        read_store(c, read_list, on_list);
        break;
    case API_STATS:
        read_store(c, read_stats, on_stats);
        break;
    case API_METRICS:
        metrics(c);
        break;
    case API_CANCEL:
        cancel(c);
        break;
    case API_HEALTH:
        say(c, "alive");
        break;
    case API_READY:
        ready(c);
        break;
    case API_CODES:
    case API_CODE:
    case API_CAUSES:
    case API_CAUSE:
    case API_ANSWERED:
        answer(c, ans);
        break;
    }
}

/* False: the peer is turned away, and told so. */
static bool admit(struct front *f, struct exchange *x)
{
    const struct peer *who = exchange_peer(x);
    struct api_answer ans = {0};
    if (!who->allowed) {
        if (who->uid == PEER_NOBODY)
            api_error(&ans, 403, CODE_access_denied_missing_permission, NULL,
                      "this connection may not use the API: over TCP neither pages in browsers nor, where "
                      "[access] names users or "
                      "groups, anybody; use the Unix socket");
        else
            api_error(&ans, 403, CODE_access_denied_missing_permission, NULL,
                      "user id %u may not use the API: [access] of the daemon's configuration names who may",
                      who->uid);
    } else if (!api_is_probe(exchange_input(x)->path)) {
        ans.retry_after = peer_take(f->peers, who->uid, uv_now(f->uv));
        if (ans.retry_after)
            api_error(&ans, 429, CODE_request_limit_exceeded, NULL,
                      "more than %u requests a second came from this user; try again in %u s",
                      f->conf->requests_per_second, ans.retry_after);
    }
    if (!ans.status)
        return true;
    exchange_answer(x, &ans);
    return false;
}

void front_exchange(void *user, struct exchange *x)
{
    struct front *f = user;
    if (!admit(f, x))
        return;
    struct api_answer ans = {0};
    struct call *c = calloc(1, sizeof *c);
    struct arena *a = arena_new(0); /* what goes in is bounded by the server, what comes out by the store */
    if (!c || !a) {
        free(c);
        arena_free(a);
        api_error(&ans, 500, CODE_internal_data_check_failed, NULL,
                  "there is no memory for this request; try again");
        exchange_answer(x, &ans);
        return;
    }
    *c = (struct call){.front = f, .exchange = x, .arena = a, .next = f->calls, .back = &f->calls};
    c->waiter = (struct waiter){.fn = on_change, .user = c};
    if (c->next)
        c->next->back = &c->next;
    f->calls = c;
    api_read(f->conf, a, exchange_input(x), clock_now(), &c->api, &ans);
    dispatch(c, &ans);
}

int front_new(uv_loop_t *uv, const struct rooms *rooms, struct front **ret)
{
    struct front *f = calloc(1, sizeof *f);
    if (!f)
        return -ENOMEM;
    *f = (struct front){.uv = uv,
                        .conf = rooms->conf,
                        .loop = rooms->loop,
                        .readers = rooms->readers,
                        .peers = rooms->peers,
                        .net = rooms->net,
                        .writer = rooms->writer};
    *ret = f;
    return 0;
}

void front_stop(struct front *f)
{
    f->stopping = true;
}

void front_close(struct front *f, void (*closed)(void *user), void *user)
{
    f->stopping = f->ending = true;
    for (struct call *c = f->calls, *next; c; c = next) {
        next = c->next;
        if (c->waiter.back) /* the others are under way already */
            show(c);
    }
    f->closed = closed;
    f->closed_user = user;
    if (!f->calls)
        closed(user);
}

void front_free(struct front *f)
{
    free(f);
}
