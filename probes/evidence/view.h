/* view.h - a lookup as one source of answers gives it: the resolvers, one server of the zone, or a perspective. Pure.
 *
 * A struct view is a plain value; what it points to belongs to its caller. One thread, that of the arena. */
#ifndef DCV_VIEW_H
#define DCV_VIEW_H

#include "evidence/zone.h"

/* The source of answers: the resolvers (all fields NULL), one server of the zone, or a perspective. The server is not
 * asked about names outside of its zone, and aliases may lead out of it: then the answers of the resolvers are used. */
struct view {
    const struct zone *zone;
    const struct name_server *server;
    const char *perspective, *address; /* name and address of a resolver at another place */
};
/* The view in which the question is put: that of the resolvers, of a server of the zone, or of a perspective. False: it is
 * put to nobody of these. */
bool view_of_ask(const struct zone *zone, const struct ask *ask, struct view *ret);
/* The first question that a perspective's resolver is asked for a name. */
struct ask perspective_question(const char *perspective, const char *address, const char *name, uint16_t type);
/* The lookup of name and type as the view gives it; view NULL: the resolvers. 0 or -ENOMEM. */
int view_lookup(struct arena *a, const struct evidence *ev, const struct view *view, const char *name,
                uint16_t type, struct lookup *ret);

/* True where both have the same records, in any order, or both have none. */
bool lookup_same(const struct lookup *a, const struct lookup *b);
/* "eu=192.0.2.53:53" is split into its two parts. False: the arena is full. */
bool perspective_split(struct arena *a, const char *text, const char **name, const char **address);

#endif
