/* render_way.h - the way of each checked question as text, zone by zone, server by server and alias by alias, with a
 * mark where the check goes wrong. Pure; as render.h. */
#ifndef DCV_RENDER_WAY_H
#define DCV_RENDER_WAY_H

#include "show/render.h"

/* how->verbose: every way and every server. Else only the ways on which the check goes wrong at a server, and servers
 * that say the same are counted. */
void render_way(struct buf *b, struct arena *a, const struct report *r, const struct render *how);

#endif
