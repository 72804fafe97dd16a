/* lines.h - reads requests from a text that arrives in pieces: NDJSON, or CSV (RFC 4180). Pure.
 *
 * The first character that is not a blank decides: '{' begins NDJSON, anything else CSV. Its fields are separated by
 * commas, semicolons or tabs: by that which the first row has most of. If the first row of a CSV has a field "domain",
 * it holds the names of the columns, which are those of the members of a request, or the user's own: these are carried
 * through (line_cells()) and mean nothing. Otherwise the columns are domain, method, token, and a row may omit the last
 * ones. An empty field counts as absent. The values of a list (method, issuer, …) are separated by blanks, commas or
 * semicolons. A byte order mark is skipped. What is no text at all (a spreadsheet, UTF-16) and comments are refused as
 * what they are.
 *
 * A struct lines belongs to whoever called lines_new(); one thread at a time. Its memory is bounded by LINE_MOST,
 * however long the text is. */
#ifndef DCV_LINES_H
#define DCV_LINES_H

#include "format/request.h"

enum { LINE_MOST = 1 << 20 }; /* bytes of one line, or of one CSV record, which may contain quoted line ends */

struct lines;
/* defaults: for fields that a line does not name. profile: NULL for the built-in one. Both must stay unchanged and
 * outlive the lines. NULL: out of memory. */
struct lines *lines_new(const struct given_list *defaults, const struct profile *profile);
void lines_free(struct lines *l);

void lines_feed(struct lines *l, const char *p, size_t n);
void lines_end(struct lines *l); /* no more bytes will come */

struct line {
    size_t number;    /* from 1: the line of the text where it begins */
    const char *text; /* without its line end; valid until the next call for these lines */
    size_t len;
    uint64_t says;    /* hash of its content: set by line_request(), for line_key() */
};
/* True for a line that is no request: it holds blanks only. */
bool line_is_blank(const char *p, size_t n);
/* The next line with a request. 1: there is one; 0: more bytes are needed, or after lines_end() the text is at its end;
 * -EINVAL with *why in the arena: the text cannot be read any further; or -ENOMEM. */
int lines_next(struct lines *l, struct arena *a, struct line *ret, const char **why);
/* Reads the request of a line into the arena. Resolvers and networks must be those of the defaults for all lines. 0,
 * -EINVAL with *why ("token: '…' is not accepted; expected …"), or -ENOMEM. */
int line_request(const struct lines *l, struct line *line, struct arena *a, dcv_time now, struct request *ret,
                 const char **why);
/* Checks whether line_request() will refuse the line, with the same results and the same request, but for its domain.
 * Much cheaper for a row with known methods: its domain is not read, since a bad domain is a verdict and not refused.
 */
int line_check(const struct lines *l, const struct line *line, struct arena *a, dcv_time now, struct request *ret,
               const char **why);

/* The fields of a CSV row, without the defaults. 0, -EINVAL with *why, or -ENOMEM; 1: the line is a JSON object, not a
 * row. */
int line_given(const struct lines *l, const struct line *line, struct arena *a, struct given_list *ret,
               const char **why);

/* The titles of the columns, NULL-terminated, as the first row has them; of a text without titles domain, method and
 * token, of NDJSON domain alone. Valid once lines_next() has returned 1, as long as the lines. */
const char *const *lines_titles(const struct lines *l);
/* Whether the column with that title, counted from 0, is one of the user's own. */
bool lines_own(const struct lines *l, size_t i);
/* The fields of a row, as many as there are titles, "" for what it omits; of NDJSON the domain of r. In the arena;
 * NULL: it is full, or the row cannot be read. */
const char *const *line_cells(const struct lines *l, const struct line *line, struct arena *a, const struct request *r);

/* The key by which the report of a line and method is found in an earlier output. line_request() must have read the
 * line. */
enum { LINE_KEY = 16 }; /* hexadecimal digits */
void line_key(const struct line *line, enum method m, char ret[LINE_KEY + 1]);

#endif
