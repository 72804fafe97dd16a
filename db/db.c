#include "db_inner.h"

#include "base/be.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

enum {
    BUSY_MS = 5000,              /* for a write transaction that somebody has open in the sqlite3 shell */
    PAGE_BYTES = 8192,           /* of a new file: a report and its evidence have some 3 KB, and two fit a page */
    CHECKPOINT_BYTES = 16 << 20, /* of the WAL */
    QUICK_CHECK_MOST = 64 << 20, /* bytes: to read a larger file whole would delay the start by seconds */
    REWRITE_MOST = 64 << 20,     /* bytes, for the same reason */
    LEAF_PAGE = 0x0d             /* the type of a table's leaf page in SQLite's file format, §1.6 */
};

/* ---------------------------------------------------------------- errors ----------------------------- */

static void one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

__attribute__((format(printf, 4, 5))) static int refuse(char why[DB_ERROR_TEXT], const char *path, int error,
                                                        const char *fmt, ...)
{
    int n = snprintf(why, DB_ERROR_TEXT, "%.180s: ", path);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why + n, (size_t)(DB_ERROR_TEXT - n), fmt, ap);
    va_end(ap);
    one_line(why);
    return error;
}

/* The errno of the system call that failed. SQLite does not keep it for a commit; then the WAL's file has it. */
static int system_errno(sqlite3 *sql)
{
    int e = sqlite3_system_errno(sql);
    sqlite3_file *wal = NULL;
    if (e == 0 && sqlite3_file_control(sql, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) == SQLITE_OK && wal &&
        wal->pMethods)
        wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &e);
    return e;
}

static int system_error(sqlite3 *sql, int otherwise)
{
    switch (system_errno(sql)) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* RLIMIT_FSIZE: full for this process */
        return -ENOSPC;
    case EROFS:
        return -EROFS;
    case EACCES:
    case EPERM:
        return -EACCES;
    case ENOENT:
        return -ENOENT;
    default:
        return otherwise;
    }
}

static int errno_of(sqlite3 *sql, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_CORRUPT:
        return -EILSEQ;
    case SQLITE_NOTADB:
        return -EMEDIUMTYPE;
    case SQLITE_TOOBIG:
        return -E2BIG;
    case SQLITE_CONSTRAINT:
        if (rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_ROWID ||
            rc == SQLITE_CONSTRAINT_UNIQUE)
            return -EEXIST;
        return -EINVAL;
    case SQLITE_IOERR:
        return rc == SQLITE_IOERR_NOMEM ? -ENOMEM : system_error(sql, -EIO);
    default:
        return system_error(sql, -EIO);
    }
}

int db_failed(struct db *db, int rc)
{
    int r = errno_of(db->sql, rc);
    /* SQLite's own "disk I/O error" does not say what is wrong with the disk. */
    if ((rc & 0xff) == SQLITE_IOERR && r < 0)
        snprintf(db->error, sizeof db->error, "%s: %s", sqlite3_errmsg(db->sql), strerror(-r));
    else
        snprintf(db->error, sizeof db->error, "%s", sqlite3_errmsg(db->sql));
    one_line(db->error);
    return r;
}

const char *db_error(const struct db *db)
{
    return db->error;
}

/* ---------------------------------------------------------------- statements ------------------------- */

int db_prepare(struct db *db, const char *text, sqlite3_stmt **ret)
{
    int rc = sqlite3_prepare_v3(db->sql, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
    return rc == SQLITE_OK ? 0 : db_failed(db, rc);
}

int db_step(struct db *db, sqlite3_stmt *s)
{
    int rc = sqlite3_step(s), r = rc == SQLITE_DONE ? 0 : db_failed(db, rc);
    sqlite3_reset(s);
    return r;
}

int db_run(struct db *db, const char *text)
{
    int rc = sqlite3_exec(db->sql, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : db_failed(db, rc);
}

int db_number(struct db *db, sqlite3_stmt *s, int64_t *ret)
{
    int rc = sqlite3_step(s), r = 0;
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(s, 0);
    else
        r = db_failed(db, rc);
    sqlite3_reset(s);
    return r;
}

dcv_time db_time(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? TIME_UNKNOWN : sqlite3_column_int64(s, column);
}

#define STATEMENT_TEXT(sym, text) [sym] = text,
static const char *const statement_texts[] = {DB_READ_STATEMENTS(STATEMENT_TEXT)
                                                  DB_WRITE_STATEMENTS(STATEMENT_TEXT)};

static int prepare_all(struct db *db, enum db_mode mode)
{
    int n = mode == DB_WRITE ? DB_STATEMENT_COUNT : DB_READ_COUNT;
    for (int i = 0, r; i < n; i++)
        if ((r = db_prepare(db, statement_texts[i], &db->statement[i])) < 0)
            return r;
    return 0;
}

/* ---------------------------------------------------------------- is the file a store? --------------- */

/* Reads the first bytes of an existing file and nothing else: to read more, SQLite might have to roll back the journal
 * of another program's file, and so change it. Uses SQLite's own handle, since closing another descriptor of the file
 * would release the locks that other connections of this process hold on it. */
static int examine(const char *path, char why[DB_ERROR_TEXT])
{
    struct stat st;
    if (stat(path, &st) < 0)
        return refuse(why, path, -errno, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return refuse(why, path, -EMEDIUMTYPE, "not a regular file");

    sqlite3 *sql = NULL;
    sqlite3_file *file;
    sqlite3_int64 size = 0;
    uint8_t head[105];
    int rc = sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL), r = 0;
    if (rc == SQLITE_OK)
        rc = sqlite3_file_control(sql, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file->pMethods->xFileSize(file, &size);
    if (rc == SQLITE_OK && size >= (sqlite3_int64)sizeof head)
        rc = file->pMethods->xRead(file, head, sizeof head, 0);
    if (rc != SQLITE_OK)
        r = refuse(why, path, errno_of(sql, rc), "cannot be read: %s", sqlite3_errmsg(sql));
    else if (size == 0)
        ; /* SQLite leaves a file that it has only created like this */
    else if (size < (sqlite3_int64)sizeof head || memcmp(head, "SQLite format 3", 16))
        r = refuse(why, path, -EMEDIUMTYPE, "not an SQLite database; name another file");
    else {
        /* Offsets of SQLite's file format, §1.3. A store may not have its application_id yet, when all of it but an
         * empty first page is in the WAL. */
        uint32_t id = be32(head + 68), version = be32(head + 60);
        bool empty = id == 0 && version == 0 && head[100] == LEAF_PAGE && !head[103] && !head[104];
        if (id != DB_APPLICATION_ID && !empty)
            r = refuse(why, path, -EMEDIUMTYPE, "an SQLite database of another program; name another file");
        else if (version > (uint32_t)db_schema_version)
            r = refuse(why, path, -EPROTO, "written by a newer version (schema %u, this one knows %d)",
                       version, db_schema_version);
    }
    sqlite3_close(sql);
    return r;
}

/* What the header cannot say: the same marks as the WAL has them. *ret is the schema's version. */
static int identify(struct db *db, const char *path, enum db_mode mode, int *ret, char why[DB_ERROR_TEXT])
{
    sqlite3_stmt *s;
    int r = db_prepare(db,
                       "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
                       "FROM pragma_application_id, pragma_user_version",
                       &s);
    if (r < 0)
        return refuse(why, path, r, "%s", db->error);
    int rc = sqlite3_step(s), id = 0, version = 0, objects = 0;
    if (rc == SQLITE_ROW) {
        id = sqlite3_column_int(s, 0);
        version = sqlite3_column_int(s, 1);
        objects = sqlite3_column_int(s, 2);
    } else
        r = db_failed(db, rc);
    sqlite3_finalize(s);
    if (r < 0)
        return refuse(why, path, r, "%s", db->error);
    if (id == DB_APPLICATION_ID && version > db_schema_version)
        return refuse(why, path, -EPROTO, "written by a newer version (schema %d, this one knows %d)",
                      version, db_schema_version);
    if (id == DB_APPLICATION_ID && version < 1)
        return refuse(why, path, -EILSEQ, "corrupt: it has the application_id of dcvd but no schema version");
    if (id == DB_APPLICATION_ID && mode == DB_READ && version < db_schema_version)
        return refuse(why, path, -EPROTO,
                      "of an older version (schema %d, this one reads %d): start the daemon once to upgrade it",
                      version, db_schema_version);
    if (id != DB_APPLICATION_ID && (id || version || objects))
        return refuse(why, path, -EMEDIUMTYPE, "an SQLite database of another program; name another file");
    if (id != DB_APPLICATION_ID && mode == DB_READ)
        return refuse(why, path, -EMEDIUMTYPE, "empty: there is no store in it yet");
    *ret = version;
    return 0;
}

/* Reads every page, but only where that takes less than about 0.1 s; damage in a larger file is found when it is
 * read. */
static int quick_check(struct db *db, const char *path, char why[DB_ERROR_TEXT])
{
    struct stat st;
    if (stat(path, &st) < 0 || st.st_size > QUICK_CHECK_MOST)
        return 0;
    sqlite3_stmt *s;
    int r = db_prepare(db, "PRAGMA quick_check(1)", &s);
    if (r < 0)
        return refuse(why, path, r, "%s", db->error);
    int rc = sqlite3_step(s);
    const char *said = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
    if (rc != SQLITE_ROW)
        r = refuse(why, path, db_failed(db, rc), "%s", db->error);
    else if (!said || strcmp(said, "ok"))
        r = refuse(why, path, -EILSEQ, "corrupt: %s", said ? said : "?");
    sqlite3_finalize(s);
    return r;
}

/* ---------------------------------------------------------------- migration, catalogues -------------- */

int db_migrate(struct db *db, const char *const steps[], int n)
{
    sqlite3_stmt *s;
    int r = db_prepare(db, "PRAGMA user_version", &s);
    if (r < 0)
        return r;
    int rc = sqlite3_step(s), version = 0;
    if (rc == SQLITE_ROW)
        version = sqlite3_column_int(s, 0);
    else
        r = db_failed(db, rc);
    sqlite3_finalize(s);
    for (; r == 0 && version < n; version++) {
        char mark[100];
        snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d", DB_APPLICATION_ID,
                 version + 1);
        if ((r = db_run(db, "BEGIN EXCLUSIVE")) == 0 && (r = db_run(db, steps[version])) == 0 &&
            (r = db_run(db, mark)) == 0)
            r = db_run(db, "COMMIT");
        if (r < 0 && !sqlite3_get_autocommit(db->sql))
            sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL); /* db_error() keeps the first error */
    }
    return r;
}

/* Binds texts and numbers in the order of the columns. */
static void bind_texts(sqlite3_stmt *s, int first, const char *const texts[], int n)
{
    for (int i = 0; i < n; i++)
        sqlite3_bind_text(s, first + i, texts[i], -1, SQLITE_STATIC);
}

static int store_codes(struct db *db)
{
    sqlite3_stmt *s;
    int r = db_prepare(
        db,
        "INSERT INTO error_code (code, spelling, class, basis, message, meaning, check_text, status, "
        "variables) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (code) DO UPDATE SET "
        "spelling = ?2, class = ?3, basis = ?4, message = ?5, meaning = ?6, check_text = ?7, "
        "status = ?8, variables = ?9 "
        "WHERE (spelling, class, basis, message, meaning, check_text, status, variables) "
        "IS NOT (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &s);
    for (int i = CODE_NONE + 1; r == 0 && i <= CODE_COUNT; i++) {
        const struct code_info *info = code_info((enum code)i);
        const char *const texts[] = {info->code,
                                     info->spelling,
                                     code_class_name(info->class),
                                     code_basis_name(info->basis),
                                     info->message,
                                     info->meaning,
                                     info->check};
        bind_texts(s, 1, texts, 7);
        sqlite3_bind_int(s, 8, info->status);
        sqlite3_bind_int(s, 9, info->variables);
        r = db_step(db, s);
    }
    sqlite3_finalize(s);
    return r;
}

static int store_causes(struct db *db)
{
    sqlite3_stmt *s;
    int r = db_prepare(
        db,
        "INSERT INTO cause (id, weight, methods, summary, hint, rank) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
        "ON CONFLICT (id) DO UPDATE SET weight = ?2, methods = ?3, summary = ?4, hint = ?5, rank = ?6 "
        "WHERE (weight, methods, summary, hint, rank) IS NOT (?2, ?3, ?4, ?5, ?6)",
        &s);
    for (int i = CAUSE_NONE + 1; r == 0 && i <= CAUSE_COUNT; i++) {
        const struct cause_info *info = cause_info((enum cause)i);
        char methods[200] = "";
        size_t len = 0;
        for (int m = 0; m < METHOD_COUNT; m++)
            if (info->methods & METHOD_BIT(m) && len < sizeof methods)
                len += (size_t)snprintf(methods + len, sizeof methods - len, "%s%s", len ? " " : "",
                                        method_name((enum method)m));
        const char *const texts[] = {info->id, weight_name(info->weight), methods, info->summary, info->hint};
        bind_texts(s, 1, texts, 5);
        sqlite3_bind_int(s, 6, i);
        r = db_step(db, s);
    }
    sqlite3_finalize(s);
    return r;
}

/* Makes the tables as codes.def and causes.def are. A row that is no longer there stays, since old results may refer to
 * it. */
static int store_catalogues(struct db *db)
{
    int r = db_run(db, "BEGIN IMMEDIATE");
    if (r == 0 && (r = store_codes(db)) == 0 && (r = store_causes(db)) == 0)
        r = db_run(db, "COMMIT");
    if (r < 0 && !sqlite3_get_autocommit(db->sql))
        sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

/* ---------------------------------------------------------------- opening ---------------------------- */

/* Makes this connection the only writer. The lock's file is never removed: two processes could then lock two files. */
static int lock_for_writing(struct db *db, const char *path, char why[DB_ERROR_TEXT])
{
    char *name = NULL, *real = realpath(path, NULL); /* two names of one file have one lock */
    int n = asprintf(&name, "%s-lock", real ? real : path);
    free(real);
    if (n < 0)
        return refuse(why, path, -ENOMEM, OUT_OF_MEMORY);
    db->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    free(name);
    if (db->lock < 0)
        return refuse(why, path, -errno, "its lock file cannot be opened: %s", strerror(errno));
    if (flock(db->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return refuse(why, path, -EBUSY, "another process is writing to it");
        return refuse(why, path, -errno, "cannot be locked: %s", strerror(errno));
    }
    return 0;
}

static int on_commit(void *user, sqlite3 *sql, const char *schema, int pages)
{
    (void)sql, (void)schema;
    struct db *db = user;
    db->wal_bytes = pages * db->page_bytes;
    return SQLITE_OK;
}

/* A file that was made without auto_vacuum cannot give pages back. It is written anew, where that takes less than about
 * a second; a larger one stays as it is: it never becomes shorter, and pages that are freed in it are used again. */
static void enable_vacuum(struct db *db, const char *path)
{
    struct stat st;
    sqlite3_stmt *s;
    int64_t mode = 1;
    if (stat(path, &st) < 0 || st.st_size > REWRITE_MOST || db_prepare(db, "PRAGMA auto_vacuum", &s) < 0)
        return;
    int r = db_number(db, s, &mode);
    sqlite3_finalize(s);
    if (r == 0 && mode == 0 && db_run(db, "PRAGMA auto_vacuum = INCREMENTAL") == 0)
        db_run(db, "VACUUM"); /* if the disk has no room for it, the file stays as it was */
}

/* Sets what can only be set before the first page is written. */
static int format_new(struct db *db)
{
    char text[80];
    snprintf(text, sizeof text, "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL", PAGE_BYTES);
    return db_run(db, text);
}

static int page_bytes(struct db *db)
{
    sqlite3_stmt *s;
    int r = db_prepare(db, "PRAGMA page_size", &s);
    if (r == 0)
        r = db_number(db, s, &db->page_bytes);
    sqlite3_finalize(s);
    return r;
}

static int set_up(struct db *db, const char *path, enum db_mode mode, char why[DB_ERROR_TEXT])
{
    sqlite3_extended_result_codes(db->sql, 1);
    sqlite3_busy_timeout(db->sql, BUSY_MS);
    /* While the file may be another program's, closing it must not move the WAL into it. */
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);

    int version = 0, r = identify(db, path, mode, &version, why);
    if (r < 0)
        return r;
    if (mode == DB_WRITE) {
        if (version > 0 && (r = quick_check(db, path, why)) < 0)
            return r;
        if (version == 0 && (r = format_new(db)) < 0)
            return refuse(why, path, r, "%s", db->error);
        if (version > 0)
            enable_vacuum(db, path);
        /* The row of the pragma is the mode that is in force: not WAL where the file system has no shared memory. */
        sqlite3_stmt *s;
        if ((r = db_prepare(db, "PRAGMA journal_mode = WAL", &s)) == 0) {
            int rc = sqlite3_step(s);
            const char *now = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
            if (rc != SQLITE_ROW)
                r = db_failed(db, rc);
            else if (!now || strcmp(now, "wal"))
                r = refuse(db->error, path, -ENOTSUP, "no write-ahead log is possible on this file system");
            sqlite3_finalize(s);
        }
        sqlite3_wal_hook(db->sql, on_commit, db);
        if (r < 0 ||
            (r = db_run(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; "
                         "PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY; "
                         "PRAGMA cache_size = -16384")) < 0 ||
            (r = db_migrate(db, db_schema, db_schema_version)) < 0 || (r = store_catalogues(db)) < 0 ||
            (r = page_bytes(db)) < 0)
            return refuse(why, path, r, "%s", db->error);
    }
    if ((r = prepare_all(db, mode)) < 0) /* SQLITE_ERROR: a table or an index is missing */
        return refuse(why, path, sqlite3_errcode(db->sql) == SQLITE_ERROR ? -EILSEQ : r, "corrupt: %s",
                      db->error);
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return 0;
}

/* SQLite gets the absolute path: it could read a relative one as ":memory:" or, in a build that allows them, as a
 * URI. */
static int attach(struct db *db, const char *path, enum db_mode mode, char why[DB_ERROR_TEXT])
{
    char *real = realpath(path, NULL);
    if (!real)
        return refuse(why, path, -errno, "%s", strerror(errno));
    int rc = sqlite3_open_v2(
        real, &db->sql,
        SQLITE_OPEN_NOMUTEX | (mode == DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY), NULL);
    free(real);
    if (rc != SQLITE_OK)
        return refuse(why, path, errno_of(db->sql, rc), "cannot be opened: %s", sqlite3_errmsg(db->sql));
    return set_up(db, path, mode, why);
}

/* Removes a file that was made by this call, and what SQLite has made beside it. */
static void remove_new(const char *path)
{
    static const char *const parts[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *name = NULL;
        if (asprintf(&name, "%s%s", path, parts[i]) >= 0)
            unlink(name);
        free(name);
    }
}

static int open_write(struct db *db, const char *path, char why[DB_ERROR_TEXT])
{
    int r = lock_for_writing(db, path, why);
    if (r < 0)
        return r;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    bool is_new = fd >= 0;
    if (is_new)
        close(fd);
    else if (errno != EEXIST)
        return refuse(why, path, -errno, "cannot be created: %s", strerror(errno));
    r = attach(db, path, DB_WRITE, why);
    if (r < 0 && is_new) {
        sqlite3_close(db->sql);
        db->sql = NULL;
        remove_new(path);
    }
    return r;
}

/* SQLite's statistics of memory are not used, and take a lock for all threads at each allocation. */
static void without_statistics(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int db_open(const char *path, enum db_mode mode, struct db **ret, char why[DB_ERROR_TEXT])
{
    static uv_once_t once = UV_ONCE_INIT; /* before SQLite's first use in this process */
    uv_once(&once, without_statistics);
    int r = examine(path, why);
    if (r < 0 && !(r == -ENOENT && mode == DB_WRITE))
        return r;
    if (r == 0 && mode == DB_WRITE && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
        return refuse(why, path, -errno, "cannot be written to: %s", strerror(errno));

    struct db *db = calloc(1, sizeof *db);
    if (!db)
        return refuse(why, path, -ENOMEM, OUT_OF_MEMORY);
    db->lock = -1;
    db->wal_most = CHECKPOINT_BYTES;
    r = mode == DB_WRITE ? open_write(db, path, why) : attach(db, path, mode, why);
    if (r < 0) {
        db_close(db);
        return r;
    }
    *ret = db;
    return 0;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (int i = 0; i < DB_STATEMENT_COUNT; i++)
        sqlite3_finalize(db->statement[i]);
    for (int i = 0; i < FILTER_COMBINATIONS; i++)
        sqlite3_finalize(db->list[i]);
    sqlite3_close(db->sql);
    if (db->lock >= 0)
        close(db->lock);
    free(db);
}

void db_wal_most(struct db *db, int64_t bytes)
{
    char text[60];
    db->wal_most = bytes < CHECKPOINT_BYTES ? bytes : CHECKPOINT_BYTES;
    snprintf(text, sizeof text, "PRAGMA journal_size_limit = %lld", (long long)bytes);
    db_run(db, text); /* to this size the WAL's file is cut back after a large transaction */
}

void db_checkpoint(struct db *db)
{
    if (db->wal_bytes < db->wal_most && !db->shrunk)
        return;
    /* As SQLite's own checkpoints: what could not be moved, for a reader or a full disk, is moved after a later
     * commit. */
    int in_wal = 0, moved = 0;
    int rc = sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_wal, &moved);
    if (rc == SQLITE_OK && moved == in_wal)
        db->shrunk = false;
    db->wal_bytes = 0;
}
