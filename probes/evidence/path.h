/* path.h - the way of one question from zone to zone, as a resolver goes it: what each zone's own servers say, across
 * zone cuts and aliases. Pure.
 *
 * A server's word counts for names of its own zone, and for nothing else (RFC 2181 5.4.1): what an answer adds about
 * another zone is ignored, and asked of the servers that are delegated to. Where a zone cannot be asked from here the
 * resolver's answer stands in for what lies in it and behind it.
 *
 * path_want() asks the questions of every server on every branch (plan); path_read() reads the answer for one choice of
 * servers (judge). */
#ifndef DCV_PATH_H
#define DCV_PATH_H

#include "evidence/zone.h"

enum { PATH_ALIASES_MOST = 8, PATH_STEPS_MOST = 20, PATH_FOREIGN_MOST = 128 };

/* Of a zone, the server that is asked: the others count as if they were not there. */
struct choice {
    const struct zone *zone;
    const struct name_server *server;
};

/* One question to one zone. */
struct path_step {
    const struct zone *zone;          /* NULL: of no zone that is known; the resolver stands in */
    const struct name_server *server; /* that answered; NULL where the resolver stands in, or nobody answered */
    const char *name;
    const struct fact *fact; /* NULL: nothing yet */
};

/* Asks all that any choice of servers could make of the question. */
void path_want(struct zones *z, const char *name, uint16_t type);
/* What the question comes to where each choice's server is met; in zones without a choice the first server that answers
 * counts, as retries find it. *stands_in (may be NULL): a part of the way is the resolvers' word. 0 or -ENOMEM. */
int path_read(struct zones *z, const struct evidence *ev, const struct choice *choice, size_t n_choices, const char *name,
              uint16_t type, struct lookup *ret, bool *stands_in);

#endif
