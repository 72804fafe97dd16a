#include "db_private.h"

/* Two are the same where they are the same constant; one that has two places in memory is counted in two
 * rows, which tally adds up. */
static int count(struct db *db, const char *kind, const char *value, int64_t hour)
{
    for (size_t i = db->n_counted; i > 0; i--) {
        struct db_counted *c = &db->counted[i - 1];
        if (c->value == value && c->hour == hour && c->kind == kind) {
            c->n++;
            return 0;
        }
    }
    int r = db->n_counted < DB_COUNTED_MOST ? 0 : db_settle(db);
    if (r == 0)
        db->counted[db->n_counted++] = (struct db_counted){kind, value, hour, 1};
    return r;
}

static int count_result(struct db *db, const struct db_result *result, int64_t hour)
{
    int r = count(db, "verdict", verdict_name(result->verdict), hour);
    if (r == 0)
        r = count(db, "method", method_name(result->method), hour);
    if (r == 0 && result->code)
        r = count(db, "code", db_code(result->code), hour);
    if (r == 0 && result->detail)
        r = count(db, "detail_code", db_code(result->detail), hour);
    for (size_t i = 0; r == 0 && i < result->n_findings; i++)
        r = count(db, "cause", cause_info(result->findings[i].cause)->id, hour);
    return r;
}

static int count_ended(struct db *db, int64_t batch)
{
    for (size_t i = 0; i < db->n_ended; i++)
        if (db->ended[i].id == batch) {
            db->ended[i].n++;
            return 0;
        }
    int r = db->n_ended < DB_ENDED_MOST ? 0 : db_settle(db);
    if (r == 0)
        db->ended[db->n_ended++] = (struct db_batch_ended){batch, 1};
    return r;
}

int db_tally_job(struct db *db, const struct write_job *job, enum db_state state)
{
    int64_t hour = (job->id >> DB_ID_COUNTER_BITS) / HOUR_MS;
    int r = count(db, "state", db_state_name(state), hour);
    for (size_t i = 0; r == 0 && i < job->n_results; i++)
        r = count_result(db, &job->results[i], hour);
    return r == 0 && job->batch ? count_ended(db, job->batch) : r;
}

int db_settle(struct db *db)
{
    sqlite3_stmt *s = db->statement[STMT_TALLY];
    int r = 0;
    for (size_t i = 0; r == 0 && i < db->n_counted; i++) {
        const struct db_counted *c = &db->counted[i];
        sqlite3_bind_text(s, 1, c->kind, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, c->hour);
        sqlite3_bind_text(s, 3, c->value, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 4, c->n);
        r = db_step(db, s);
    }
    s = db->statement[STMT_BATCH_ENDED];
    for (size_t i = 0; r == 0 && i < db->n_ended; i++) {
        sqlite3_bind_int64(s, 1, db->ended[i].id);
        sqlite3_bind_int64(s, 2, db->ended[i].n);
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
