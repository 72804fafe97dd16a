/* path.h - follows one question from zone to zone as a resolver does, across zone cuts and aliases, by what each zone's
 * own servers answer. Pure.
 *
 * A server's answer counts for names of its own zone only (RFC 2181 5.4.1): what it adds about another zone is ignored,
 * and the servers of that zone are asked instead. Where a zone's servers cannot be asked from this machine, the
 * resolver's answer stands in for that zone and for the rest of the way.
 *
 * path_want() asks every server on every branch (plan); path_read() reads the answer for one choice of servers (judge).
 * Steps and lookups are in the arena of struct zones. */
#ifndef DCV_PATH_H
#define DCV_PATH_H

#include "evidence/zone.h"

enum { PATH_ALIASES_MOST = 8, PATH_STEPS_MOST = 20, PATH_FOREIGN_MOST = 128 };

/* The one server of a zone that is asked; the zone's other servers are ignored. */
struct choice {
    const struct zone *zone;
    const struct name_server *server;
};

/* One question to one zone. */
struct path_step {
    const struct zone *zone;          /* NULL: no zone is known; the resolver's answer stands in */
    /* that answered; NULL where the resolver's answer stands in, or no server answered */
    const struct name_server *server;
    const char *name;
    const struct fact *fact; /* the answer; NULL: none yet */
};

/* The kind of a server's answer for one name of the zone that was asked. fail: an error, an answer without authority,
 * or one that cannot be read; a resolver then goes on to the next server. */
enum reply { REPLY_FAIL, REPLY_DATA, REPLY_NONE, REPLY_ALIAS, REPLY_REFERRAL };
/* Reads what a server of zone x answered for a name. *to: the target of an alias, or the zone that a referral leads to;
 * else NULL. 0 or -ENOMEM. */
int path_reply(struct arena *a, const struct zone *x, const struct fact *f, const char *name, uint16_t type,
               enum reply *ret, const char **to);

/* Asks everything that path_read() could need for the question, whatever the choice of servers. */
void path_want(struct zones *z, const char *name, uint16_t type);
/* The lookup of the question where the servers of choice are asked; in zones without a choice the first server that
 * answers counts, as a retry would reach it. *stands_in (may be NULL): a resolver's answer stands in for a part of the
 * way. 0 or -ENOMEM. */
int path_read(struct zones *z, const struct evidence *ev, const struct choice *choice, size_t n_choices,
              const char *name, uint16_t type, struct lookup *ret, bool *stands_in);
/* Adds to the list *ret of *n_ret zones, in arena a, those on the way of n lookups, and the zones above them, each once
 * and after the zones above it: a server of those may serve it, too. 0 or -ENOMEM. */
int path_zones(struct arena *a, const struct lookup *l, size_t n, const struct zone ***ret, size_t *n_ret);

/* The CNAME record that stands at the name of a lookup itself, or that a DNAME or a wildcard made for it; NULL where
 * the name is no alias. */
const struct rr *path_alias(const struct lookup *l);
/* Adds the targets of the aliases that a lookup went through, absolute and in order. False: the arena is full. */
bool path_aliases(struct arena *a, const struct lookup *l, struct texts *ret);

#endif
