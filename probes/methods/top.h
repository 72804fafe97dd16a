/* top.h - a top-level domain that the public suffix list lacks: the root is asked whether there is one. Pure.
 *
 * Top-level domains come into being faster than copies of the list are renewed. One that the root delegates counts by
 * the list's own default rule "*": names right below it are registered (https://publicsuffix.org/list/, "Algorithm");
 * one that it denies makes an internal name (BR 1.6.1). Reserved ones (name_read.c) are never asked for. */
#ifndef DCV_TOP_H
#define DCV_TOP_H

#include "evidence/lookup.h"

/* Looks up the name servers of a top-level domain ("shop", without dots) at the resolvers, which ask the root: data
 * where it exists, nxdomain where it does not; all else says neither. Asks with plan's asker; with judge's it only
 * reads. 0 or -ENOMEM. */
int top_lookup(struct arena *a, const struct asker *asker, const struct evidence *ev, const char *top,
               struct lookup *ret);

#endif
