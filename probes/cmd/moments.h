/* moments.h - points in time as people give and read them: "2h", "yesterday"; local, with the zone. Reads the clock's
 * zone; one thread. */
#ifndef DCV_MOMENTS_H
#define DCV_MOMENTS_H

#include "base/arena.h"
#include "model/dcv.h"

enum { MOMENT_LENGTH = 24 };
/* Reads the value of --since or --until: RFC 3339; a date, which begins at midnight here; "today", "yesterday"; or how
 * long ago: 90s, 15m, 2h, 3d, 2w. Writes RFC 3339 in UTC, as the daemon takes it. False: it is none of these, which was
 * printed with the name of the option. */
bool moment_read(const char *option, const char *text, dcv_time now, char ret[MOMENT_LENGTH + 1]);

/* "2026-11-24 12:48:03 CET". In the arena; "" where it is full. */
const char *moment_local(struct arena *a, dcv_time t);
/* A time of the daemon's for a person: on a terminal local with its zone, with seconds or without; elsewhere as it is,
 * in UTC. NULL stays NULL. */
const char *moment_shown(struct arena *a, const char *rfc3339, bool seconds);

#endif
