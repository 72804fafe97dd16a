/* db_store.h - the store of a test of db/: a scratch file for each test, and what the tests do with it again and again.
 * What does not succeed fails the test. */
#ifndef DB_STORE_H
#define DB_STORE_H

#include "db_inner.h"

int store_setup(void **state);    /* *state: the path of a store in a directory of its own; there is no file yet */
int store_teardown(void **state); /* removes the directory with its files */
struct db *open_store(const char *path, enum db_mode mode); /* close it with db_close() */

/* Does the job in a transaction of its own, rolled back where it fails. Returns 0 or the negative errno of db_do() or
 * db_commit(); the job stays the caller's. */
int try_job(struct db *db, struct write_job *job);
void do_job(struct db *db, struct write_job *job, int expected); /* also frees the job */

int64_t number(struct db *db, const char *sql); /* the first column of the first row */
/* For db_count() and db_batch_count(): adds "value n" to user, a text of LIST_COUNT_ROOM bytes, with commas between. */
enum { LIST_COUNT_ROOM = 200 };
int list_count(void *user, const char *value, int64_t n);

#endif
