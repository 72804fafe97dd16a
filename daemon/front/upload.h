/* upload.h - a batch on its way in: from the pieces of a request's body to lines in the store.
 *
 *   body -> pieces -> whole lines, read on a pool thread -> WRITE_LINES, a group at a time -> WRITE_ACCEPT
 *
 * Nobody sees it, and nothing of it is run, before the last step. One that is refused, or whose client goes away, is
 * taken out of the store again. No more of the body is in memory at once than a few groups of lines, however long it
 * is.
 *
 * An upload is the taker of its exchange's body, and frees itself. Thread: the main loop's. */
#ifndef DCVD_UPLOAD_H
#define DCVD_UPLOAD_H

#include "http/server.h"
#include "threads/generation.h"
#include "work/batches.h"

struct upload_uses { /* the parts of the daemon that it uses; all must outlive it */
    uv_loop_t *uv;
    struct generations *generations;
    struct writer *writer;
    struct batches *batches;
};
struct upload_owner {
    /* status 0: *ans is the answer; otherwise the negative errno for which the batch is not in the store. */
    void (*done)(void *user, int status, struct api_answer *ans);
    void (*gone)(void *user); /* the client went away, and the exchange with it */
    void *user;
};
struct upload;
/* True where less of the body came, in the time since the upload began, than a client has to send that others wait for:
 * 1 KB a second, after half a minute. */
bool upload_is_slow(const struct upload *u);
/* Ends it with an answer that says that it was too slow for others to wait. */
void upload_give_way(struct upload *u);
/* key: under which nothing is made twice, .text NULL for none; it is copied. Either done or
 * gone will be called, later, unless upload_stop() returns true before. 0 or -ENOMEM. */
int upload_new(const struct upload_uses *uses, struct exchange *x, const struct upload_owner *owner,
               const struct db_key *key, struct upload **ret);
/* The daemon ends. True: the batch is not taken in, neither done nor gone will be called, and the owner answers. False:
 * it is too late, WRITE_ACCEPT is with the writer, and done will be called. */
bool upload_stop(struct upload *u);

#endif
