/* zone.h - the zone that contains a name, its name servers, and what each of them answers. Pure.
 *
 * A CA resolves from the root and hardly caches, so it will see what the zone's own servers answer. A resolver may show
 * an old answer, or that of one of several servers. zone_read() reads from the evidence: the zone cut above the name,
 * the NS set that the parent's servers give (with glue) and that of the zone itself, every address of both, and the SOA
 * at each address. plan asks the questions and judge reads the answers with the same functions; the asker makes the
 * difference.
 *
 * A struct zone belongs to its caller, its texts and lists are in the arena. One thread, that of the arena. */
#ifndef DCV_ZONE_H
#define DCV_ZONE_H

#include "evidence/lookup.h"

/* good: answers with authority. lame: answers without authority, or refuses. silent: answers neither over UDP nor over
 * TCP, or must not be asked. here: this host could not send the question (IPv6 on a host without it), which says
 * nothing about the server. */
enum server_state { SERVER_PENDING, SERVER_GOOD, SERVER_LAME, SERVER_SILENT, SERVER_HERE };

struct name_server {
    const char *server; /* "192.0.2.53:53" */
    const char *host;   /* absolute */
    enum server_state state;
    bool plain;             /* answers only questions without EDNS */
    const struct fact *soa; /* the fact that decided .state; NULL while pending */
    const struct fact *refused_edns; /* .plain: the fact of the question with EDNS */
    bool has_serial;
    uint32_t serial, negative_ttl; /* of its SOA, if has_serial */
};

struct zone {
    const char *apex;   /* absolute; NULL where no cut was found */
    const char *parent; /* the zone above */
    bool open;          /* an answer is still missing */
    bool blocked;       /* the parent's servers do not answer either: this host cannot reach name servers */
    const struct fact *delegation; /* the NS set of the zone at the parent's servers, or NULL */
    const struct fact *denial;     /* their NXDOMAIN for the registrable domain */
    const struct fact *ns;         /* the NS set at the zone itself, or NULL */
    struct texts at_parent, at_zone; /* host names of the two sets */
    struct name_server *v; /* every address of the hosts of both sets */
    size_t n;
};

/* Reads the zone of the domain of r; missing questions go to the asker. 0 or -ENOMEM. */
int zone_read(struct arena *a, const struct asker *asker, const struct request *r, struct zone *ret);

/* Every address of a host by the resolver, "192.0.2.53:53" and "[2001:db8::53]:53". *open is set where an answer is
 * missing. 0 or -ENOMEM. */
int host_addresses(struct arena *a, const struct asker *asker, const char *host, struct texts *ret, bool *open);

/* 1: a server of the zone answers. 0: none does. -1: unknown, also where this host cannot reach name servers. */
int zone_answers(const struct zone *z);

/* Asks one server one question, and again over TCP after a truncated answer. Returns the first fact; NULL: none yet. */
const struct fact *server_want(const struct asker *asker, const char *server, bool plain, const char *name,
                               uint16_t type);

struct ask server_question(const struct name_server *s, const char *name, uint16_t type);
/* The first fact of server_question(); NULL where it was not asked or not answered yet. */
const struct fact *server_fact(const struct evidence *ev, const struct name_server *s, const char *name,
                               uint16_t type);

/* The server for people: "ns1.example.com (192.0.2.53)". NULL: the arena is full. */
const char *server_shown(struct arena *a, const struct name_server *s);

#endif
