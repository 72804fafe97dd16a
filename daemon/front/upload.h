/* upload.h - a batch on its way in: from pieces of a body to lines in the store.
 *
 *   body -> pieces -> whole lines, read on a pool thread -> WRITE_LINES, a group at a time -> WRITE_ACCEPT
 *
 * Nothing of it is seen or run before the last step. One that is refused, or breaks off, leaves the store
 * again. Of the body no more is held at once than a few groups of lines, whatever its length. It takes the
 * exchange's body and frees itself. Thread: the loop's. */
#ifndef DCVD_UPLOAD_H
#define DCVD_UPLOAD_H

#include "http/server.h"
#include "threads/generation.h"
#include "work/batches.h"

struct upload_rooms { /* all must outlive it */
    uv_loop_t *uv;
    struct generations *generations;
    struct writer *writer;
    struct batches *batches;
};
struct upload_owner {
    /* status 0: *ans is the answer. Else the negative errno for which the store did not take it in. */
    void (*done)(void *user, int status, struct api_answer *ans);
    void (*gone)(void *user); /* the client went away, and the exchange with it */
    void *user;
};
struct upload;
/* One of done and gone will be called, later, unless upload_stop() comes before. 0 or -ENOMEM. */
int upload_new(const struct upload_rooms *rooms, struct exchange *x, const struct upload_owner *owner,
               struct upload **ret);
/* The daemon ends: the batch is not taken in, and the owner hears nothing more; it answers. False: too late,
 * it is about to be accepted, and done will be called. */
bool upload_stop(struct upload *u);

#endif
