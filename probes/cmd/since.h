/* since.h - an earlier output of a batch, to tell what has changed since: for each key of a line (lines.h)
 * what came of it. A struct since belongs to whoever called since_read(). One thread. */
#ifndef DCV_SINCE_H
#define DCV_SINCE_H

#include "format/lines.h"

/* The columns of CSV that a batch adds to those of its input. */
#define SINCE_TITLES "verdict,code,detail_code,cause,who_acts,summary,cure"

/* What is compared: words about a domain that change from run to run do not count. "" where there is none. */
struct outcome {
    const char *verdict, *code, *detail_code, *cause;
};
struct outcome since_outcome_of(struct arena *a, const struct report *r);

struct since;
/* Reads an earlier output: CSV, whose rows are those of lines, or NDJSON, whose lines are reports, as csv
 * says. given and profile: as for lines_new(), the same as for the input. NULL: the error was printed. */
struct since *since_read(const char *path, bool csv, const struct given_list *given,
                         const struct profile *profile);
void since_free(struct since *s);
/* Whether the same came of the line with this key then. */
bool since_same(const struct since *s, struct arena *a, const char *key, const struct outcome *is);

#endif
