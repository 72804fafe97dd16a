/* follow.h - watches of the daemon as they change: reads its stream of events, prints what is new, and goes
 * on when the daemon is started again. One thread; nothing here outlives its call. */
#ifndef DCV_FOLLOW_H
#define DCV_FOLLOW_H

#include "cmd/cli.h"
#include "cmd/client.h"

enum { WATCH_ID_LEN = 16 };

/* Follows watches until all have ended, or SIGINT or SIGTERM comes; the exit status. ids: as the daemon gave
 * them. format: FORMAT_TEXT or FORMAT_NDJSON. */
int follow(const char *socket, struct client *client, char (*ids)[WATCH_ID_LEN + 1], size_t n,
           enum format format);

#endif
