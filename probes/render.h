/* render.h - a report for people: text for a terminal, a nagios line, commands that reproduce a fact. Pure.
 *
 * Nothing from the network reaches a terminal unescaped: text_escape() in name.h. */
#ifndef DCV_RENDER_H
#define DCV_RENDER_H

#include "json.h"

struct render {
    bool color;
    bool verbose; /* all evidence */
    unsigned width; /* columns; 0: 80 */
};
void render_report(struct buf *b, struct arena *a, const struct report *r, const struct render *how);
/* "DCV CRITICAL - …|time=0.042s" for the worst of n reports. Returns the plugin's exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
int render_nagios(struct buf *b, struct arena *a, const struct report *const *r, size_t n);
/* The dig or curl line that asks the same by hand, quoted for a POSIX shell. NULL where the arena is full. */
char *render_reproduce(struct arena *a, const struct fact *f);
/* One fix as a person would read it: a zone-file line, a URL and body, a sentence. */
void render_fix(struct buf *b, struct arena *a, const struct fix *f);
/* "\"…\"" with what a POSIX shell needs. */
char *shell_quote(struct arena *a, const char *s);

#endif
