/* render.h - a report for people, as text for a terminal. Pure.
 *
 * It is put together from render_caa.h and render_fix.h. All functions append text to b; what they allocate on the way
 * lives in a. What comes from the network is escaped first (text_escape() in base/text.h), so that it cannot control a
 * terminal. */
#ifndef DCV_RENDER_H
#define DCV_RENDER_H

#include "base/buf.h"
#include "model/dcv.h"

/* What is left out of a report so that it fits a screen: each step leaves out what those before it do. */
enum render_terse {
    TERSE_NOT,
    TERSE_REST,     /* records, commands and findings beyond the first */
    TERSE_ANSWER,   /* the API's answer, methods that are not in use */
    TERSE_WAY,      /* the pictures of the way and of CAA */
    TERSE_COMMANDS, /* the commands that ask the same */
    TERSE_PROOF,    /* what the proof's facts hold */
    TERSE_PANEL,    /* what to enter in a web panel: the record stays */
    TERSE_CURE,     /* the proof */
    TERSE_CUT       /* lines at the end */
};

struct render {
    bool color;
    bool verbose; /* all evidence */
    bool derivation; /* how a CAA verdict follows, also where the check passes */
    bool no_cure; /* what is to be done is left out: another method is the one in use */
    unsigned width; /* columns; 0: 80 */
    unsigned lines; /* render_domain(): as many as a domain may take on the screen; 0: all that there is to say */
    enum render_terse terse;
    /* So many of the commands that ask the same stand even where .terse leaves them out: under the proof, if any. */
    unsigned commands;
    bool redact; /* random values are left out, in whatever spelling they are shown */
    /* A point in time for people, in the arena; NULL: in UTC. */
    const char *(*moment)(struct arena *a, dcv_time t);
};
/* The same without milliseconds: "2026-11-22 12:00:00 UTC". */
const char *render_moment(struct arena *a, const struct render *how, dcv_time t);
/* The line that begins a report: verdict, domain, and what follows them, or NULL. */
void render_heading(struct buf *b, struct arena *a, const struct request *q, enum verdict verdict, const char *rest,
                    const struct render *how);
/* The whole report, as `dcvprobe check` shows it. */
void render_report(struct buf *b, struct arena *a, const struct report *r, const struct render *how);

#endif
