/* render.h - a report for people: text for a terminal, a nagios line, what a report wants to be changed. Pure.
 *
 * Nothing from the network reaches a terminal unescaped: text_escape() in name.h. */
#ifndef DCV_RENDER_H
#define DCV_RENDER_H

#include "format/json.h"

struct render {
    bool color;
    bool verbose; /* all evidence */
    bool derivation; /* how a CAA verdict follows, of a pass too */
    unsigned width; /* columns; 0: 80 */
};
void render_report(struct buf *b, struct arena *a, const struct report *r, const struct render *how);
/* How a CAA verdict follows, as a picture in text; nothing where the report has no derivation. */
void render_caa(struct buf *b, struct arena *a, const struct report *r, const struct render *how);
/* "DCV CRITICAL - …|time=0.042s;;;0;30.000 blocking=1;;0;0 risk=0;0;;0 note=0;;;0 questions=9;;;0" for the
 * worst of n reports; the numbers are of all: time is the slowest's, and where it is known how long the value
 * that passes (token_days) and the domain's signatures (signature_days) will hold, the shortest. One line.
 * Returns the plugin's exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
int render_nagios(struct buf *b, struct arena *a, const struct report *const *r, size_t n);
/* One fix as a person would read it, every line from column indent on: a zone-file line and what a web panel
 * wants to be typed, a URL and body, a sentence. What is copied as a whole may be longer than width. */
void render_fix(struct buf *b, struct arena *a, const struct fix *f, size_t indent, unsigned width);
/* Prose, broken between words; lines after the first begin with margin. at: the column where the first one
 * stands. Ends with a line feed. */
void render_wrap(struct buf *b, const char *text, const char *margin, size_t at, unsigned width);

/* What the failing ones of n reports want to be changed: the fixes of the first finding of each, since the
 * others may only repeat it. Both are texts for programs with comments for people; a comment says for which
 * domain and why, and what no record can express (a file, a wait, advice) stands in comments alone.
 * render_zone: a piece of a zone file, absolute names; what must go before a record can be added stands in a
 * comment above it. render_nsupdate: a script for nsupdate(1), one update message for each zone, or for each
 * name where no SOA record told the zone: nsupdate finds that out by itself. */
void render_zone(struct buf *b, struct arena *a, const struct report *const *r, size_t n);
void render_nsupdate(struct buf *b, struct arena *a, const struct report *const *r, size_t n);
#endif
