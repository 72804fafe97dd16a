/* explain_paste.h - what a paste means (format/paste.h), for a person and for programs. Pure.
 *
 * The texts of a paste come from outside; what is written here is safe to show on a terminal, and its
 * commands are safe to paste into a shell. */
#ifndef DCV_EXPLAIN_PASTE_H
#define DCV_EXPLAIN_PASTE_H

#include "format/json_write.h"
#include "format/paste.h"
#include "show/render.h"

/* What was found, in one sentence for a person: of nothing, too, and then what to paste instead. In the
 * arena; NULL where it is full. */
char *explain_sentence(struct arena *a, const struct paste *p);
/* True where each thing that was found is known, and anything was: then the exit status of explain is 0. */
bool explain_is_whole(const struct paste *p);
/* The command that checks a name of an order check again; NULL where the arena is full. */
char *explain_name_command(struct arena *a, const char *domain);

/* The page of one cause, which is not CAUSE_NONE: what it is, and who has to act. */
void explain_cause(struct buf *b, struct arena *a, enum cause c, const struct render *how);
/* What `dcvprobe explain` prints: a page for each thing found; of an order check its names and what to run.
 * Appends nothing where nothing was found.
 * profile: whose rules by date are shown, as they are at now. */
void explain_paste(struct buf *b, struct arena *a, const struct paste *p, const struct render *how,
                   const struct profile *profile, dcv_time now);
/* The members "found", "names", "more" and "sentence" of an object that is open. */
void explain_paste_json(struct json_out *j, struct arena *a, const struct paste *p,
                        const struct profile *profile, dcv_time now);

#endif
