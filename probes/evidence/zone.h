/* zone.h - the zone that holds a name, who serves it, and what each of its servers says. Pure.
 *
 * A CA resolves from the root and hardly caches, so what the zone's own servers answer is what it will see; a
 * resolver on the way shows yesterday's answer, or one server's of several. The walk here reads from the
 * evidence: the zone cut above the name, the NS set that the parent's servers hand out (with glue) and the one
 * of the zone itself, every address of both, and the SOA at each. The same functions put the questions (plan)
 * and read the answers (judge); which of the two depends on the asker.
 *
 * Everything lives in the arena given. No time, no I/O. */
#ifndef DCV_ZONE_H
#define DCV_ZONE_H

#include "evidence/lookup.h"

/* good: answers for the zone with authority. lame: answers without it, or refuses. silent: no answer over UDP
 * and TCP, or an address that must not be asked. here: it could not even be sent, as with IPv6 on a host
 * without it; that says nothing about the server. */
enum server_state { SERVER_PENDING, SERVER_GOOD, SERVER_LAME, SERVER_SILENT, SERVER_HERE };

struct name_server {
    const char *server; /* "192.0.2.53:53" */
    const char *host;   /* absolute */
    enum server_state state;
    bool plain;             /* answers without EDNS only */
    const struct fact *soa; /* the fact that decided .state; NULL while pending */
    const struct fact *refused_edns; /* the answer, or the silence, with EDNS where .plain */
    bool has_serial;
    uint32_t serial, negative_ttl; /* of its SOA, where has_serial */
};

struct zone {
    const char *apex;   /* absolute; NULL where no cut was found */
    const char *parent; /* the zone above */
    bool open;          /* an answer is still missing */
    bool blocked;       /* not even the parent's servers answer: no name server can be asked from here */
    const struct fact *delegation; /* the parent's servers on the zone's NS; NULL where none said anything */
    const struct fact *denial;     /* their NXDOMAIN for the registrable domain */
    const struct fact *ns;         /* the zone's own NS set, NULL where nobody gave it */
    struct texts at_parent, at_zone; /* host names of the two sets */
    struct name_server *v; /* every address of the hosts of both sets */
    size_t n;
};

/* 0 or -ENOMEM. Puts the questions that are missing where the asker can. */
int zone_read(struct arena *a, const struct asker *asker, const struct request *r, struct zone *ret);

/* Every address of a host as the resolver gives it, "192.0.2.53:53" and "[2001:db8::53]:53". *open: an answer is
 * missing. 0 or -ENOMEM. */
int host_addresses(struct arena *a, const struct asker *asker, const char *host, struct texts *ret, bool *open);

/* 1 where a server of the zone says anything at all, 0 where every one stays silent, -1 where it is not known: where
 * the way from here to name servers is blocked, too. */
int zone_answers(const struct zone *z);

/* One question to one server, with TCP after truncation. What came back at first; NULL: nothing yet. */
const struct fact *server_want(const struct asker *asker, const char *server, bool plain, const char *name,
                               uint16_t type);

struct ask server_question(const struct name_server *s, const char *name, uint16_t type);
/* What it said, the first answer; NULL where it was not asked or has not answered. */
const struct fact *server_fact(const struct evidence *ev, const struct name_server *s, const char *name,
                               uint16_t type);

/* The host name as a person reads it in a list: "ns1.example.com (192.0.2.53)"; NULL: arena full. */
const char *server_shown(struct arena *a, const struct name_server *s);

#endif
