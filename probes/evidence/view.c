/* view.c - reads one lookup from the answers of the resolvers, of the zones' own servers or of a perspective. */
#include "evidence/view.h"

#include "wire/name.h"

#include <string.h>

struct ask perspective_question(const char *perspective, const char *address, const char *name, uint16_t type)
{
    return (struct ask){.kind = ASK_DNS,
                        .via = VIA_PERSPECTIVE,
                        .perspective = perspective,
                        .server = address,
                        .qname = name,
                        .qtype = type};
}

int view_lookup(struct arena *a, const struct evidence *ev, const struct view *view, const char *name,
                uint16_t type, struct lookup *ret)
{
    if (view && view->perspective) {
        struct ask q = perspective_question(view->perspective, view->address, name, type);
        return lookup_read_ask(a, ev, &q, ret);
    }
    if (view && view->zones)
        return path_read(view->zones, ev, view->choice, view->n_choices, name, type, ret, NULL);
    return lookup_read(a, ev, name, type, ret);
}

bool lookup_same(const struct lookup *a, const struct lookup *b)
{
    if (a->class != LOOKUP_DATA || b->class != LOOKUP_DATA)
        return (a->class == LOOKUP_DATA) == (b->class == LOOKUP_DATA);
    return rr_sets_same(a->rr, a->n, b->rr, b->n);
}

bool perspective_split(struct arena *a, const char *text, const char **name, const char **region, const char **address)
{
    const char *is = strchr(text, '=');
    char *own = is ? arena_strndup(a, text, (size_t)(is - text)) : NULL, *at = own ? strchr(own, '@') : NULL;
    *name = own;
    *region = at ? at + 1 : NULL;
    *address = is ? is + 1 : NULL;
    if (at)
        *at = '\0';
    return own;
}
