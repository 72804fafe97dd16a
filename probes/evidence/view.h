/* view.h - from where an answer is read: the resolvers, the zones' own servers by one choice, or a perspective. Pure. */
#ifndef DCV_VIEW_H
#define DCV_VIEW_H

#include "evidence/path.h"

/* All NULL: the resolvers. */
struct view {
    struct zones *zones; /* the zones' own servers, by .choice */
    const struct choice *choice;
    size_t n_choices;
    const char *perspective, *address; /* a resolver at another place; NULL otherwise */
};
/* The first question that a perspective's resolver is asked for a name. */
struct ask perspective_question(const char *perspective, const char *address, const char *name, uint16_t type);
/* 0 or -ENOMEM. */
int view_lookup(struct arena *a, const struct evidence *ev, const struct view *view, const char *name,
                uint16_t type, struct lookup *ret);

/* The same records, in whatever order, or both without any. */
bool lookup_same(const struct lookup *a, const struct lookup *b);
/* "eu=192.0.2.53:53" into its parts; false: arena full. */
bool perspective_split(struct arena *a, const char *text, const char **name, const char **address);

#endif
