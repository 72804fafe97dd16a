/* lines.h - requests out of a text that comes piece by piece: NDJSON, or CSV as RFC 4180 has it. Pure.
 *
 * The first character that is no blank decides: '{' begins NDJSON, anything else CSV. A CSV whose first row
 * has a column "domain" is read by its column names, which are those of a request's members; one without is
 * domain, method, token, of which a row may leave the last ones out. An empty field is as good as none. A
 * list (method, issuer, …) holds its values with blanks between them. A byte order mark is passed over.
 *
 * Memory is bounded by LINE_MOST whatever the length of the text. One thread. */
#ifndef DCV_LINES_H
#define DCV_LINES_H

#include "format/json.h"

enum { LINE_MOST = 1 << 20 }; /* bytes of one line, or of one CSV record with its quoted line ends */

struct lines;
/* defaults: what lines leave open; profile: NULL for the one built in. Both constant and alive as long as the
 * lines. NULL: no memory. */
struct lines *lines_new(const struct given_list *defaults, const struct profile *profile);
void lines_free(struct lines *l);

void lines_feed(struct lines *l, const char *p, size_t n);
void lines_end(struct lines *l); /* no more bytes will come */

struct line {
    size_t number;    /* from 1: the text's line in which it begins */
    const char *text; /* without its line end; valid until the next call with the lines */
    size_t len;
    uint64_t says;    /* what it says, in short: set by line_request(), for line_key() */
};
/* The next line that asks something. 1; 0: it takes more bytes, or there are none left after lines_end();
 * -EINVAL with *why, in a: nothing comes after it; -ENOMEM. */
int lines_next(struct lines *l, struct arena *a, struct line *ret, const char **why);
/* Its request, in a. Resolvers and networks are the same for all and must not differ from the defaults. 0,
 * -EINVAL with *why ("token: '…' is not accepted; expected …"), -ENOMEM. */
int line_request(const struct lines *l, struct line *line, struct arena *a, dcv_time now, struct request *ret,
                 const char **why);
/* Whether line_request() will refuse it, and which methods it asks for; the same results. Much cheaper for a row whose
 * methods are known: what its domain is like is a verdict, and refuses no line. */
int line_check(const struct lines *l, const struct line *line, struct arena *a, dcv_time now, unsigned *methods,
               const char **why);

/* What a row of a CSV gives, without the defaults. 0, -EINVAL with *why, -ENOMEM; 1: the line is no row but a JSON object.
 */
int line_given(const struct lines *l, const struct line *line, struct arena *a, struct given_list *ret,
               const char **why);

/* What a report is known by in an earlier output: what the line says and the method. The line's request has been read. */
enum { LINE_KEY = 16 }; /* hexadecimal digits */
void line_key(const struct line *line, enum method m, char ret[LINE_KEY + 1]);

#endif
