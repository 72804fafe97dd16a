#include "db_inner.h"
#include "model/time.h"

/* Values are compared by their addresses. One that is at two addresses is counted twice, which the tables add up. */
static int count(struct db *db, const char *kind, const char *value, int64_t batch, int64_t hour)
{
    for (size_t i = db->n_counted; i > 0; i--) {
        struct db_counted *c = &db->counted[i - 1];
        if (c->value == value && c->hour == hour && c->kind == kind && c->batch == batch) {
            c->n++;
            return 0;
        }
    }
    int r = db->n_counted < DB_COUNTED_MOST ? 0 : db_settle(db);
    if (r == 0)
        db->counted[db->n_counted++] = (struct db_counted){kind, value, batch, hour, 1};
    return r;
}

static int count_result(struct db *db, const struct db_result *result, int64_t hour)
{
    int r = count(db, "verdict", verdict_name(result->verdict), 0, hour);
    if (r == 0)
        r = count(db, "method", method_name(result->method), 0, hour);
    if (r == 0 && result->code)
        r = count(db, "code", db_code(result->code), 0, hour);
    if (r == 0 && result->detail)
        r = count(db, "detail_code", db_code(result->detail), 0, hour);
    for (size_t i = 0; r == 0 && i < result->n_findings; i++)
        r = count(db, "cause", cause_info(result->findings[i].cause)->id, 0, hour);
    return r;
}

static int count_ended(struct db *db, int64_t batch, dcv_time at)
{
    for (size_t i = 0; i < db->n_ended; i++) {
        struct db_batch_ended *e = &db->ended[i];
        if (e->id != batch)
            continue;
        e->n++;
        e->last = at > e->last ? at : e->last;
        return 0;
    }
    int r = db->n_ended < DB_ENDED_MOST ? 0 : db_settle(db);
    if (r == 0)
        db->ended[db->n_ended++] = (struct db_batch_ended){batch, 1, at};
    return r;
}

static int count_line(struct db *db, const struct write_job *job, enum db_state state)
{
    int r = count(db, "state", db_state_name(state), job->batch, 0);
    for (size_t i = 0; r == 0 && i < job->n_results; i++) {
        r = count(db, "verdict", verdict_name(job->results[i].verdict), job->batch, 0);
        if (r == 0 && job->results[i].code)
            r = count(db, "code", db_code(job->results[i].code), job->batch, 0);
    }
    return r == 0 ? count_ended(db, job->batch, job->at) : r;
}

int db_tally_job(struct db *db, const struct write_job *job, enum db_state state)
{
    int64_t hour = (job->id >> DB_ID_COUNTER_BITS) / HOUR_MS;
    int r = count(db, "state", db_state_name(state), 0, hour);
    for (size_t i = 0; r == 0 && i < job->n_results; i++)
        r = count_result(db, &job->results[i], hour);
    return r == 0 && job->batch ? count_line(db, job, state) : r;
}

static int settle_one(struct db *db, const struct db_counted *c)
{
    sqlite3_stmt *s = db->statement[c->batch ? STMT_BATCH_TALLY : STMT_TALLY];
    int column = 1;
    if (c->batch)
        sqlite3_bind_int64(s, column++, c->batch);
    sqlite3_bind_text(s, column++, c->kind, -1, SQLITE_STATIC);
    if (!c->batch)
        sqlite3_bind_int64(s, column++, c->hour);
    sqlite3_bind_text(s, column++, c->value, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, column, c->n);
    return db_step(db, s);
}

int db_settle(struct db *db)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < db->n_counted; i++)
        r = settle_one(db, &db->counted[i]);
    sqlite3_stmt *s = db->statement[STMT_BATCH_ENDED];
    for (size_t i = 0; r == 0 && i < db->n_ended; i++) {
        sqlite3_bind_int64(s, 1, db->ended[i].id);
        sqlite3_bind_int64(s, 2, db->ended[i].n);
        sqlite3_bind_int64(s, 3, db->ended[i].last);
        r = db_step(db, s);
    }
    db_unsettle(db);
    return r;
}

void db_unsettle(struct db *db)
{
    db->n_counted = 0;
    db->n_ended = 0;
}
