/* batch_line.h - what comes of each line of a batch, beside its reports: the verdict on its domain, its row
 * of CSV, and the groups of failures at the end.
 *
 * A line has a report for each of its methods, and they come in any order, from this run or from an earlier
 * one. A struct batch_lines is made by batch_lines_new() and owns its lines until they are written; rows are
 * in the order of the input. One thread. */
#ifndef DCV_BATCH_LINE_H
#define DCV_BATCH_LINE_H

#include "base/buf.h"
#include "cmd/since.h"
#include "show/summary.h"

struct batch_lines;
struct batch_line;

/* rows, groups: what will be asked for. redact: rows are without random values. since: lines that have not
 * changed since then give no row; NULL: all do. NULL: out of memory. */
struct batch_lines *batch_lines_new(bool rows, bool groups, bool redact, const struct since *since);
void batch_lines_free(struct batch_lines *l);

/* Begins a line of which n reports will come, at least one. key: LINE_KEY digits. cells: n_cells fields of
 * the input, copied. NULL: out of memory. */
struct batch_line *batch_line_begin(struct batch_lines *l, size_t n, const char *key,
                                    const char *const *cells, size_t n_cells);
/* Adds what counts of a report, and the report where this run made it; part NULL: it will not come. True with
 * the last one: *ret is the domain's verdict, undecided where one did not come and those that did do not
 * fail. The line then is no longer the caller's. */
bool batch_line_add(struct batch_lines *l, struct batch_line *line, const struct domain_part *part,
                    const struct report *r, enum verdict *ret);

/* The first row: the titles (NULL-terminated) of the input's columns, and those of the verdict. */
void batch_lines_titles(struct buf *b, const char *const *titles);
/* Appends the rows of the lines that have ended, up to the first that has not. */
void batch_lines_rows(struct batch_lines *l, struct buf *b);
/* Appends how many domains there were by verdict, and the failures by cause, code and name server. */
void batch_lines_groups(struct batch_lines *l, struct buf *b);

#endif
