/* render_caa.h - how a CAA verdict follows, as text: the levels of the search from the domain up, then the set that
 * decides, record by record. Pure; as render.h.
 *
 * Colour tells nothing that the text does not; under a value that breaks the grammar a caret marks the byte. */
#ifndef DCV_RENDER_CAA_H
#define DCV_RENDER_CAA_H

#include "show/render.h"

/* How a CAA verdict follows: the levels of the search and the records of the set. Nothing where r->caa is NULL. */
void render_caa(struct buf *b, struct arena *a, const struct report *r, const struct render *how);

#endif
