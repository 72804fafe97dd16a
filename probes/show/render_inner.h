/* render_inner.h - the page on which a report is written. Header of render.c and render_fact.c. */
#ifndef DCV_RENDER_INNER_H
#define DCV_RENDER_INNER_H

#include "show/render.h"

enum { RENDER_WIDTH = 80 };

/* The report that is being written, and how. */
struct page {
    struct buf *b;
    struct arena *a;
    unsigned width;
    enum render_terse terse;
    unsigned commands; /* see struct render */
    bool color, verbose, no_cure;
    const struct profile *profile; /* of the CA that is repeated */
    const struct evidence *ev;     /* of the report; NULL: it is stored without */
};

/* Prose, broken between words. Its first line begins at column `at`, where the output stands; the others at
 * `indent`. */
void page_wrap(struct page *p, const char *text, size_t indent, size_t at);
void page_prose(struct page *p, size_t indent, const char *text);
/* A fact with what came back, and its first line alone. */
void page_fact(struct page *p, const struct fact *f);
void page_dns_headline(struct page *p, const struct fact *fact);

#endif
