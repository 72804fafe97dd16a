/* render_fix.h - what to change: as text in a report, as lines of a zone file, as a script for nsupdate. Pure; as
 * render.h. */
#ifndef DCV_RENDER_FIX_H
#define DCV_RENDER_FIX_H

#include "base/buf.h"
#include "model/dcv.h"

/* One fix for a person, every line from column indent on: a zone-file line and, with panel, what to enter in a web
 * panel; or a URL and the file's content, or a sentence. Lines that a person copies are not broken and may be longer
 * than width. The SOA records in ev tell which zone, and so which panel, serves the owner; NULL: the registrable domain
 * is taken. */
void render_fix(struct buf *b, struct arena *a, const struct evidence *ev, const struct fix *f, size_t indent,
                unsigned width, bool panel);

/* What has to be changed so that the domains of n reports pass: the fixes of the first finding of each failing report
 * that a domain's verdict rests on (judge/domain.h), since other findings may repeat them. Methods that are not in
 * use are named in a comment: the records of two methods can exclude each other. Both are texts for programs, with
 * comments that tell a person the domain and the cause. What no record can express (a file, a wait, advice) is in
 * comments only. render_zone: a piece of a zone file with absolute names; a record that must be removed before is in
 * a comment above. render_nsupdate: a script for nsupdate(1), one update message for each zone; or for each name,
 * where no SOA record told the zone and nsupdate has to find it. */
void render_zone(struct buf *b, struct arena *a, const struct report *const *r, size_t n);
void render_nsupdate(struct buf *b, struct arena *a, const struct report *const *r, size_t n);

#endif
