/* render.h - a report for people, as text for a terminal. Pure.
 *
 * It is put together from render_caa.h and render_fix.h. All functions append text to b; what they allocate on the way
 * lives in a. What comes from the network is escaped first (text_escape() in base/text.h), so that it cannot control a
 * terminal. */
#ifndef DCV_RENDER_H
#define DCV_RENDER_H

#include "base/buf.h"
#include "model/dcv.h"

struct render {
    bool color;
    bool verbose; /* all evidence */
    bool derivation; /* how a CAA verdict follows, also where the check passes */
    bool no_cure; /* what is to be done is left out: another method is the one in use */
    unsigned width; /* columns; 0: 80 */
};
/* The line that begins a report: verdict, domain, and what follows them, or NULL. */
void render_heading(struct buf *b, struct arena *a, const struct request *q, enum verdict verdict, const char *rest,
                    const struct render *how);
/* The whole report, as `dcvprobe check` shows it. */
void render_report(struct buf *b, struct arena *a, const struct report *r, const struct render *how);

#endif
