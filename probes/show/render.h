/* render.h - a report for people: text for a terminal (render.c, render_caa.c), a line for nagios (render_nagios.c),
 * and what has to be changed, also as a zone file or for nsupdate (render_fix.c). Pure.
 *
 * All functions append text to b; what they allocate on the way lives in a. What comes from the network is escaped
 * first (text_escape() in base/text.h), so that it cannot control a terminal. Header of render.c and render_*.c. */
#ifndef DCV_RENDER_H
#define DCV_RENDER_H

#include "base/buf.h"
#include "model/dcv.h"

struct render {
    bool color;
    bool verbose; /* all evidence */
    bool derivation; /* how a CAA verdict follows, also where the check passes */
    unsigned width; /* columns; 0: 80 */
};
/* The whole report, as `dcvprobe check` shows it. */
void render_report(struct buf *b, struct arena *a, const struct report *r, const struct render *how);
/* How a CAA verdict follows: the levels of the search and the records of the set. Nothing where r->caa is NULL. */
void render_caa(struct buf *b, struct arena *a, const struct report *r, const struct render *how);
/* "DCV CRITICAL - …|time=0.042s;;;0;30.000 blocking=1;;0;0 risk=0;0;;0 note=0;;;0 questions=9;;;0" for the
 * worst of n reports, in one line. The numbers are those of all reports: time is that of the slowest check; token_days
 * and signature_days, where known, say how many days the accepted value and the domain's signatures remain valid, the
 * fewest of all. Returns the plugin's exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
int render_nagios(struct buf *b, struct arena *a, const struct report *const *r, size_t n);
/* One fix for a person, every line from column indent on: a zone-file line with what to enter in a web panel, or a URL
 * and the file's content, or a sentence. Lines that a person copies are not broken and may be longer than width. */
void render_fix(struct buf *b, struct arena *a, const struct fix *f, size_t indent, unsigned width);
/* Prose, broken between words, with a line feed at its end. Its first line begins at column `at`, where the output
 * stands; each other line begins with margin. */
void render_wrap(struct buf *b, const char *text, const char *margin, size_t at, unsigned width);

/* What has to be changed so that the failing ones of n reports pass: the fixes of the first finding of each, since
 * other findings may repeat them. Both are texts for programs, with comments that tell a person the domain and the
 * cause. What no record can express (a file, a wait, advice) is in comments only. render_zone: a piece of a zone file
 * with absolute names; a record that must be removed before is in a comment above. render_nsupdate: a script for
 * nsupdate(1), one update message for each zone; or for each name, where no SOA record told the zone and nsupdate has
 * to find it. */
void render_zone(struct buf *b, struct arena *a, const struct report *const *r, size_t n);
void render_nsupdate(struct buf *b, struct arena *a, const struct report *const *r, size_t n);
#endif
