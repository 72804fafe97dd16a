/* view.h - whose answers a lookup is read from: the resolvers, the zones' own servers by one choice, or a perspective.
 * Pure. A view is a value; what it points to stays the caller's. */
#ifndef DCV_VIEW_H
#define DCV_VIEW_H

#include "evidence/path.h"
#include "evidence/same.h"

/* A view with all members NULL is that of the resolvers. */
struct view {
    struct zones *zones; /* the zones whose own servers are read, by .choice; else NULL */
    const struct choice *choice;
    size_t n_choices;
    const char *perspective, *address; /* name and address of a resolver at another place of the network; else NULL */
};
/* The first question that a perspective's resolver is asked for a name. */
struct ask perspective_question(const char *perspective, const char *address, const char *name, uint16_t type);
/* Reads the lookup of a name as the view gives it; *ret is in the arena. 0 or -ENOMEM. */
int view_lookup(struct arena *a, const struct evidence *ev, const struct view *view, const char *name,
                uint16_t type, struct lookup *ret);

/* True where both lookups have the same records, in any order, or both have none. */
bool lookup_same(const struct lookup *a, const struct lookup *b);
/* Splits "eu@RIPE=192.0.2.53:53" into name, region (NULL where none is given) and address; false: the arena is full. */
bool perspective_split(struct arena *a, const char *text, const char **name, const char **region, const char **address);

#endif
