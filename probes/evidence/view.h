/* view.h - from where an answer is read: the resolvers, one server of the zone, or a perspective. Pure. */
#ifndef DCV_VIEW_H
#define DCV_VIEW_H

#include "evidence/zone.h"

/* From where a verdict is read: the resolvers (all NULL), one server of the zone, or a perspective. Of names outside the zone,
 * and of aliases that lead out of it, the resolvers' word counts in every view. */
struct view {
    const struct zone *zone;
    const struct name_server *server;
    const char *perspective, *address; /* a resolver at another place, for all names; NULL otherwise */
};
/* The first question that a perspective's resolver is asked for a name. */
struct ask perspective_question(const char *perspective, const char *address, const char *name, uint16_t type);
int view_lookup(struct arena *a, const struct evidence *ev, const struct view *view, const char *name,
                uint16_t type, struct lookup *ret);

/* The same records, in whatever order, or both without any. */
bool lookup_same(const struct lookup *a, const struct lookup *b);
/* "eu=192.0.2.53:53" into its parts; false: arena full. */
bool perspective_split(struct arena *a, const char *text, const char **name, const char **address);

#endif
