#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db_jobs.h"
#include "db_store.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLICE_NS = 500000 };

/* What the callbacks got, in the order of their calls. */
struct log {
    size_t n;
    int64_t ids[5000];
    int status[5000];
    bool closed;
    struct writer *push_late; /* the writer to which the first callback pushes one more job */
};

static void on_done(struct write_job *job)
{
    struct log *log = job->user;
    assert_false(log->closed);
    log->ids[log->n] = job->id;
    log->status[log->n++] = job->status;
    write_job_free(job);
    if (log->push_late) {
        struct write_job *late = job_request(4999, "late.example");
        late->done = on_done;
        late->user = log;
        struct writer *w = log->push_late;
        log->push_late = NULL;
        writer_push(w, late);
    }
}

static void on_closed(void *user)
{
    ((struct log *)user)->closed = true;
}

static void push(struct writer *w, struct log *log, struct write_job *job)
{
    job->done = on_done;
    job->user = log;
    writer_push(w, job);
}

/* Runs the loop until n jobs have come back. */
static void wait_for(uv_loop_t *loop, const struct log *log, size_t n)
{
    while (log->n < n)
        uv_run(loop, UV_RUN_ONCE);
}

static void stop(uv_loop_t *loop, struct writer *w, struct log *log)
{
    writer_stop(w, on_closed, log);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_true(log->closed);
    assert_int_equal(uv_loop_close(loop), 0); /* no handle is left */
}

static int see_none(void *user, const struct db_check_row *row)
{
    (void)user, (void)row;
    return 0;
}

static bool is_there(const char *path, int64_t id)
{
    struct db *db = open_store(path, DB_READ);
    int r = db_check(db, id, see_none, NULL);
    db_close(db);
    assert_true(r == 0 || r == -ENOENT);
    return r == 0;
}

static void jobs_are_grouped_and_come_back_in_order(void **state)
{
    static struct log log;
    memset(&log, 0, sizeof log);
    uv_loop_t loop;
    struct writer *w;
    struct writer_counters c;
    uv_loop_init(&loop);
    assert_int_equal(writer_start(&loop, open_store(*state, DB_WRITE), SLICE_NS, &w), 0);
    enum { CHECKS = 1000 };
    for (int i = 1; i <= CHECKS; i++) { /* the request and the results of one check in one transaction */
        push(w, &log, job_request(i, "a.example"));
        push(w, &log, job_results(i, 1));
    }
    wait_for(&loop, &log, 2 * CHECKS);
    for (int i = 0; i < 2 * CHECKS; i++) {
        assert_int_equal(log.ids[i], i / 2 + 1);
        assert_int_equal(log.status[i], 0);
    }
    writer_counters(w, &c);
    assert_int_equal(c.jobs, 2 * CHECKS);
    assert_int_equal(c.queued, 0);
    assert_int_equal(c.failed, 0);
    assert_true(c.batch_most > 1 && c.batch_most <= 512);
    assert_true(c.commits >= 2 * CHECKS / 512 && c.commits < CHECKS);

    /* Readers work at the same time, and see every job that has come back. */
    struct db *reader = open_store(*state, DB_READ);
    push(w, &log, job_request(CHECKS + 1, "b.example"));
    wait_for(&loop, &log, 2 * CHECKS + 1);
    assert_int_equal(db_check(reader, CHECKS + 1, see_none, NULL), 0);
    db_close(reader);

    /* Stopping writes all that waits; later jobs are refused, and so not lost. */
    for (int i = 2001; i <= 3000; i++)
        push(w, &log, job_request(i, "c.example"));
    log.push_late = w;
    stop(&loop, w, &log);
    assert_int_equal(log.n, 2 * CHECKS + 1 + 1000 + 1);
    for (size_t i = 0; i < log.n; i++)
        assert_int_equal(log.status[i], log.ids[i] == 4999 ? -ESHUTDOWN : 0);
    assert_true(is_there(*state, 3000));
    assert_false(is_there(*state, 4999));
}

static void on_done_slowly(struct write_job *job)
{
    uint64_t began = uv_hrtime();
    while (uv_hrtime() - began < 1000000)
        ;
    on_done(job);
}

static void count_turn(uv_check_t *check)
{
    ++*(unsigned *)check->data;
}

static void what_comes_back_slowly_leaves_turns_to_others(void **state)
{
    enum { JOBS = 20 };
    static struct log log;
    memset(&log, 0, sizeof log);
    uv_loop_t loop;
    uv_check_t check;
    struct writer *w;
    unsigned turns = 0;
    uv_loop_init(&loop);
    uv_check_init(&loop, &check);
    check.data = &turns;
    uv_check_start(&check, count_turn);
    assert_int_equal(writer_start(&loop, open_store(*state, DB_WRITE), SLICE_NS, &w), 0);
    for (int i = 1; i <= JOBS; i++) {
        struct write_job *job = job_request(i, "a.example");
        job->done = on_done_slowly;
        job->user = &log;
        writer_push(w, job);
    }
    wait_for(&loop, &log, JOBS);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(log.ids[i], i + 1);
    assert_in_range(turns, JOBS - 1, UINT_MAX);
    uv_close((uv_handle_t *)&check, NULL);
    stop(&loop, w, &log);
}

/* SQLite calls these functions instead of the system's. */
static _Atomic unsigned synced;
int fdatasync(int fd)
{
    synced++;
    return (int)syscall(SYS_fdatasync, fd);
}

static void only_what_somebody_is_told_waits_for_the_disk(void **state)
{
    static struct log log;
    memset(&log, 0, sizeof log);
    uv_loop_t loop;
    struct writer *w;
    struct write_job *jobs[] = {job_batch(WRITE_BATCH, 10), job_lines(10, 11, 100), job_batch(WRITE_ACCEPT, 10),
                                job_request(5000, "a.example"), job_lines(10, 200, 1)};
    static const unsigned syncs[] = {0, 0, 1, 1, 0};
    uv_loop_init(&loop);
    assert_int_equal(writer_start(&loop, open_store(*state, DB_WRITE), SLICE_NS, &w), 0);
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        synced = 0;
        push(w, &log, jobs[i]);
        wait_for(&loop, &log, i + 1);
        assert_int_equal(synced, syncs[i]);
    }
    stop(&loop, w, &log);
}

static void one_bad_job_fails_alone(void **state)
{
    static struct log log;
    memset(&log, 0, sizeof log);
    uv_loop_t loop;
    struct writer *w;
    uv_loop_init(&loop);
    assert_int_equal(writer_start(&loop, open_store(*state, DB_WRITE), SLICE_NS, &w), 0);
    for (int i = 1; i <= 100; i++) {
        push(w, &log, job_request(i, "a.example"));
        if (i == 50) {
            push(w, &log, job_request(20, "taken.example"));
            push(w, &log, job_results(7777, 1));
        }
    }
    stop(&loop, w, &log);
    assert_int_equal(log.n, 102);
    for (size_t i = 0; i < log.n; i++)
        assert_int_equal(log.status[i], i == 50 ? -EEXIST : i == 51 ? -ENOENT : 0);
    for (int i = 1; i <= 100; i++)
        assert_true(is_there(*state, i));
}

static void a_full_disk_fails_all_and_recovers(void **state)
{
    static struct log log;
    memset(&log, 0, sizeof log);
    uv_loop_t loop;
    struct writer *w;
    struct writer_counters c;
    struct db *db = open_store(*state, DB_WRITE);
    sqlite3 *sql = db->sql; /* used only while the writer has nothing to do */
    uv_loop_init(&loop);
    assert_int_equal(writer_start(&loop, db, SLICE_NS, &w), 0);
    push(w, &log, job_request(1, "a.example"));
    wait_for(&loop, &log, 1);
    assert_int_equal(log.status[0], 0);

    assert_int_equal(sqlite3_exec(sql, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
                     SQLITE_OK); /* left as it is */
    for (int i = 2; i <= 601; i++)
        push(w, &log, job_request(i, "b.example"));
    wait_for(&loop, &log, 601);
    size_t failed = 0;
    for (size_t i = 1; i < 601; i++) {
        assert_true(log.status[i] == 0 || log.status[i] == -ENOSPC);
        assert_int_equal(is_there(*state, log.ids[i]), log.status[i] == 0);
        failed += log.status[i] < 0;
    }
    assert_true(failed > 0);
    writer_counters(w, &c);
    assert_int_equal(c.failed, failed);

    assert_int_equal(sqlite3_exec(sql, "PRAGMA max_page_count = 100000", NULL, NULL, NULL), SQLITE_OK);
    push(w, &log, job_request(700, "c.example"));
    stop(&loop, w, &log);
    assert_int_equal(log.status[601], 0);
    assert_true(is_there(*state, 700));
}

/* A write transaction of another connection stays open: to the writer this is like a disk that does not answer. */
static void on_tick(uv_timer_t *timer)
{
    ++*(int *)timer->data;
}

static void a_stalled_store_holds_up_no_loop(void **state)
{
    static struct log log;
    memset(&log, 0, sizeof log);
    uv_loop_t loop;
    uv_timer_t timer;
    struct writer *w;
    sqlite3 *other;
    int ticks = 0;
    uv_loop_init(&loop);
    assert_int_equal(writer_start(&loop, open_store(*state, DB_WRITE), SLICE_NS, &w), 0);
    struct db *reader = open_store(*state, DB_READ);
    assert_int_equal(sqlite3_open(*state, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    uv_timer_init(&loop, &timer);
    timer.data = &ticks;
    uv_timer_start(&timer, on_tick, 1, 1);
    uint64_t longest = 0, end = uv_hrtime() + 500000000;
    for (int i = 1; i <= 2000; i++)
        push(w, &log, job_request(i, "a.example"));
    for (uint64_t turn = uv_hrtime(), now; turn < end; turn = now) {
        uv_run(&loop, UV_RUN_ONCE);
        now = uv_hrtime();
        longest = now - turn > longest ? now - turn : longest;
    }
    assert_int_equal(log.n, 0);
    assert_true(ticks > 100);
    assert_true(longest < 200000000);
    assert_int_equal(db_check(reader, 1, see_none, NULL), -ENOENT); /* reading still works */
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    wait_for(&loop, &log, 2000);
    for (size_t i = 0; i < log.n; i++)
        assert_int_equal(log.status[i], 0);
    assert_int_equal(db_check(reader, 2000, see_none, NULL), 0);
    db_close(reader);
    uv_close((uv_handle_t *)&timer, NULL);
    stop(&loop, w, &log);
}

/* ---------------------------------------------------------------- kill -9 ---------------------------- */

struct victim {
    struct writer *writer;
    int64_t next;
    int out;
};

static void tell_and_push(struct write_job *job);

static void push_next(struct victim *v)
{
    struct write_job *job = job_request(v->next++, "kill.example");
    job->done = tell_and_push;
    job->user = v;
    writer_push(v->writer, job);
}

static void tell_and_push(struct write_job *job)
{
    struct victim *v = job->user;
    if (job->status < 0 || write(v->out, &job->id, sizeof job->id) != sizeof job->id)
        _exit(3);
    write_job_free(job);
    push_next(v);
}

static _Noreturn void be_killed(const char *path, int64_t first, int out)
{
    uv_loop_t loop;
    struct victim v = {.next = first, .out = out};
    uv_loop_init(&loop);
    if (writer_start(&loop, open_store(path, DB_WRITE), SLICE_NS, &v.writer) < 0)
        _exit(2);
    for (int i = 0; i < 50; i++)
        push_next(&v);
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(1);
}

static void what_came_back_survives_kill_9(void **state)
{
    enum { ROUNDS = 20 };
    const char *path = *state;
    unsigned seed = 20261122;
    int64_t next = 1, told = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(ends[0]);
            be_killed(path, next, ends[1]);
        }
        close(ends[1]);
        /* Killed after a number of acknowledgements, and so at any point of a later transaction. */
        int64_t id, last = 0;
        for (int n = 1 + rand_r(&seed) % 400; n > 0 && read(ends[0], &id, sizeof id) == sizeof id; n--)
            last = id;
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (read(ends[0], &id, sizeof id) == sizeof id)
            last = id;
        close(ends[0]);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(last >= next);

        struct db *db = open_store(path, DB_WRITE); /* the lock of the killed process is gone */
        for (int64_t i = next; i <= last; i++)
            assert_int_equal(db_check(db, i, see_none, NULL), 0);
        told += last - next + 1;
        assert_int_equal(db_last_id(db, &next), 0);
        next++;
        db_close(db);
    }
    assert_true(told >= ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(jobs_are_grouped_and_come_back_in_order, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(what_comes_back_slowly_leaves_turns_to_others, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(only_what_somebody_is_told_waits_for_the_disk, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(one_bad_job_fails_alone, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_fails_all_and_recovers, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(a_stalled_store_holds_up_no_loop, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(what_came_back_survives_kill_9, store_setup, store_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
