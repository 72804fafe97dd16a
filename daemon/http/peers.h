/* peers.h - who may use the API, and how often: the rules of [access].
 *
 * A peer is the user that the kernel names at the other end of a Unix socket (SO_PEERCRED, SO_PEERGROUPS); of a TCP
 * connection it names nobody. Allowed are root, the daemon's own user, and the users and groups of the configuration;
 * where that names none, everybody who can open the socket. Each user has a rate of its own. Thread: the main
 * loop's. */
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
    unsigned rules; /* the version of the rules by which .allowed was decided */
};
/* Of a connected socket; when the connection begins. */
void peer_read(const struct peers *p, int fd, struct peer *ret);
/* Decides again where [access] may have changed since. */
void peer_renew(const struct peers *p, int fd, struct peer *peer);
void peers_reload(struct peers *p); /* another configuration is in force */
/* Counts one request at now_ms (monotonic). 0: it may go ahead; otherwise the seconds after which it may be tried
 * again. */
unsigned peer_take(struct peers *p, uid_t uid, uint64_t now_ms);

#endif
