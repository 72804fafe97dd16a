/* follow.h - follows watches of the daemon: reads its stream of events, prints what is new, and continues when the
 * daemon is restarted. One thread; nothing outlives the call. */
#ifndef DCV_FOLLOW_H
#define DCV_FOLLOW_H

#include "cmd/cli.h"
#include "cmd/client.h"

enum { WATCH_ID_LEN = 16 };

/* Follows watches until all have ended, or SIGINT or SIGTERM comes. ids: the ids from the daemon. format: FORMAT_TEXT
 * or FORMAT_NDJSON. Returns the exit status. */
int follow(const char *socket, struct client *client, char (*ids)[WATCH_ID_LEN + 1], size_t n,
           enum format format);

#endif
