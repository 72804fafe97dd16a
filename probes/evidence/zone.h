/* zone.h - the zones that an answer depends on: where each begins, who serves it, and what each of its servers says of
 * the zone itself. Pure.
 *
 * A CA resolves from the root and hardly caches, so what a zone's own servers answer is what it will see; a resolver on
 * the way shows yesterday's answer, or one server's of several. A struct zones holds all zones of one check as far as
 * the facts lead; the same functions ask the questions (plan) and read the answers (judge), which of the two depends on
 * the asker. The zone of the public suffix is found through the resolver; every zone below it is found by asking the
 * servers of the zone above for NS, name by name, as a resolver does that minimises names (RFC 9156).
 *
 * Everything lives in the arena given, for one run of plan or judge. */
#ifndef DCV_ZONE_H
#define DCV_ZONE_H

#include "evidence/lookup.h"

/* good: answers for the zone with authority. lame: answers without authority, or refuses. silent: no answer over UDP,
 * or an address that must not be asked. here: the question could not even be sent, as with IPv6 on a host without it;
 * that says nothing about the server. */
enum server_state { SERVER_PENDING, SERVER_GOOD, SERVER_LAME, SERVER_SILENT, SERVER_HERE };

struct name_server {
    const char *server; /* "192.0.2.53:53" */
    const char *host;   /* absolute */
    enum server_state state;
    bool plain;             /* refuses EDNS with an error, and answers without */
    bool barred;            /* silent: its address must not be asked from here */
    const struct fact *soa; /* the fact that decided .state; NULL while pending */
    const struct fact *refused_edns; /* the answer, or the silence, with EDNS where it answers without */
    bool has_serial;
    uint32_t serial, negative_ttl; /* of its SOA, where has_serial */
};

struct zone {
    const char *apex;          /* absolute */
    const struct zone *parent; /* NULL: the zone above is a public suffix's */
    const char *above;         /* the apex of the zone above; NULL where it is not known */
    bool exists;               /* somebody delegates to it, or the resolver knows its name servers */
    bool open;                 /* an answer is still missing */
    bool blocked;              /* not even the servers above answer: no name server can be asked from here */
    const struct fact *delegation; /* the referral of a server above; NULL where none referred */
    const struct fact *denial;     /* the servers' above NXDOMAIN for the registrable domain */
    const struct fact *ns;         /* the zone's own NS set, NULL where nobody gave it */
    struct texts at_parent, at_zone; /* host names of the two sets */
    struct name_server *v;           /* every address of the hosts of both sets */
    size_t n;
    struct zone *next; /* in struct zones */
};

enum { ZONES_MOST = 24, ZONE_CUTS_MOST = 8 };

struct zones {
    struct arena *a;
    const struct asker *asker;
    struct zone *first, **last;
    size_t n;
    bool bound; /* a bound was reached: what lies behind it was not asked */
    int err;    /* 0 or -ENOMEM */
};
void zones_init(struct zones *z, struct arena *a, const struct asker *asker);
/* The deepest zone that holds an absolute name, as far as the answers lead: .open where one is missing. NULL where the
 * name is a public suffix or above one, or is in no zone that is known. */
struct zone *zones_holding(struct zones *z, const char *name);
/* The zone at a cut that a server's answer shows (referral) below parent. NULL: a bound, or the arena is full. */
struct zone *zones_below(struct zones *z, struct zone *parent, const char *apex, const struct fact *referral);
/* The registrable domain's zone above a name, whether it exists or not; NULL where the name has none. */
struct zone *zones_registered(struct zones *z, const char *name);

/* Every address of a host as the resolver gives it, "192.0.2.53:53" and "[2001:db8::53]:53". *open: an answer is
 * missing. 0 or -ENOMEM. */
int host_addresses(struct arena *a, const struct asker *asker, const char *host, struct texts *ret, bool *open);

/* 1 where a server of the zone says anything at all, 0 where every one stays silent, -1 where it is not known: where
 * the way from here to name servers is blocked, too. */
int zone_answers(const struct zone *z);
/* Its servers can be reached from here, whatever they say: what they answer counts, and that they fail does, too. */
bool zone_can_be_asked(const struct zone *z);

/* One question to one server, with TCP after truncation. What came back at first; NULL: nothing yet. */
const struct fact *server_want(const struct asker *asker, const char *server, bool plain, const char *name,
                               uint16_t type);
/* The same; what there is of the whole answer, over TCP where that is needed. */
const struct fact *server_want_whole(const struct asker *asker, const struct name_server *s, const char *name,
                                     uint16_t type);

struct ask server_question(const struct name_server *s, const char *name, uint16_t type);
/* What it said, the first answer; NULL where it was not asked or has not answered. */
const struct fact *server_fact(const struct evidence *ev, const struct name_server *s, const char *name,
                               uint16_t type);

/* The host name as a person reads it in a list: "ns1.example.com (192.0.2.53)"; NULL: arena full. */
const char *server_shown(struct arena *a, const struct name_server *s);

#endif
