/* peers.h - who may use the API, and how much of it: the rules of [access].
 *
 * A peer is whom the kernel names at the other end of a Unix socket (SO_PEERCRED, SO_PEERGROUPS); at the end
 * of a TCP connection it names nobody. Allowed are root, the daemon's own user, and the users and groups of
 * the configuration; where that names none, all who can open the socket. Rates are counted for each user by
 * itself. Thread: the loop's. */
#ifndef DCVD_PEERS_H
#define DCVD_PEERS_H

#include "run/conf.h"

#include <sys/types.h>

#define PEER_NOBODY ((uid_t)-1) /* of a TCP connection */
enum { PEER_GROUPS_MOST = 256 };

struct peers;
int peers_new(const struct conf *conf, struct peers **ret);
void peers_free(struct peers *p);

struct peer {
    uid_t uid;
    bool allowed;
    unsigned rules; /* under which it was looked at */
};
/* Of a connected socket; once for a connection. */
void peer_read(const struct peers *p, int fd, struct peer *ret);
/* Again, where [access] may have changed since. */
void peer_renew(const struct peers *p, int fd, struct peer *peer);
void peers_reload(struct peers *p); /* it may have */
/* Counts one request at now_ms (monotonic). 0: go ahead; else the seconds after which it is worth trying
 * again. */
unsigned peer_take(struct peers *p, uid_t uid, uint64_t now_ms);

#endif
