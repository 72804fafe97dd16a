/* zone.h - the zones that an answer depends on: where each begins, which servers serve it, and what each server says
 * about the zone itself. Header of zone.c and zone_state.c. Pure.
 *
 * A CA resolves from the root and hardly caches, so it sees what a zone's own servers answer; the answer of another
 * resolver may be old, or that of only one of several servers. A struct zones holds all zones of one check that the
 * facts show. The same functions ask the questions (plan) and read the answers (judge); the asker decides which. The
 * zone of the public suffix is found through the resolver; every zone below it is found by asking the servers of the
 * zone above for NS, name by name, as a resolver with query name minimisation does (RFC 9156).
 *
 * Everything lives in the arena given, for one run of plan or judge. */
#ifndef DCV_ZONE_H
#define DCV_ZONE_H

#include "evidence/lookup.h"

/* good: answers for the zone with authority. lame: answers without authority, refuses, cuts its answer off and gives
 * none over TCP, or has no valid signatures in a signed zone (.signing). silent: no answer over UDP, or an address that
 * must not be asked. here: this host could not send the question, as with IPv6 on a host without it; that says nothing
 * about the server. */
enum server_state { SERVER_PENDING, SERVER_GOOD, SERVER_LAME, SERVER_SILENT, SERVER_HERE };

/* The signature over the SOA record that one server of a signed zone hands out. A validator drops the answers of a
 * server without one that is valid now, and asks the zone's other servers (RFC 4035 5.3.1).
 * unknown: the zone is not known to be signed, or the server was not asked. */
enum server_signing { SIGNING_UNKNOWN, SIGNING_VALID, SIGNING_NONE, SIGNING_EXPIRED, SIGNING_FUTURE };

struct name_server {
    const char *server; /* "192.0.2.53:53" */
    const char *host;   /* absolute */
    enum server_state state;
    bool plain;             /* the server answers EDNS with an error, and is asked without */
    bool needs_edns;        /* the zone is signed: an answer without EDNS has no signatures */
    bool barred;            /* with state silent: its address must not be asked from here */
    const struct fact *soa; /* the fact that decided .state; NULL while pending */
    enum server_signing signing;     /* only its time is checked; not set in a zone where no server has a valid one */
    const struct fact *signed_soa;   /* the fact that decided .signing; NULL where it is unknown */
    /* where the server answers without EDNS only: the fact of the question with EDNS; else NULL */
    const struct fact *refused_edns;
    bool has_serial;
    uint32_t serial, negative_ttl; /* of its SOA; set where has_serial is true */
};

struct zone {
    const char *apex;          /* absolute */
    const struct zone *parent; /* NULL: the zone above is that of a public suffix */
    const char *above;         /* the apex of the zone above; NULL where it is not known */
    bool secure; /* a DS record that validators can follow is known, here and in the zones above that are known */
    bool exists;               /* a zone above delegates to it, or the resolver knows its name servers */
    bool open;                 /* an answer is still missing */
    bool blocked;              /* not even servers of the zone above answer, so no name server can be asked from here */
    const struct fact *delegation; /* the referral of a server above; NULL where none referred */
    const struct fact *denial;     /* the NXDOMAIN of a server above for the registrable domain; NULL without one */
    const struct fact *ns;         /* the answer with the zone's own NS set; NULL without one */
    struct texts at_parent, at_zone; /* host names of the NS set of the zone above and of the zone's own */
    struct texts homeless;           /* those of them that have no address */
    const struct fact *no_address;   /* the answer that shows it of the first of these; NULL without one */
    bool unheard; /* whether a host has an address is not known: the resolver says nothing about it */
    struct name_server *v;           /* every address of the hosts of both sets */
    size_t n;
    struct whole_name *whole; /* names below the apex at which no other zone begins; a list in the arena */
    struct zone *next; /* the list in struct zones */
};

enum { ZONES_MOST = 24, ZONE_CUTS_MOST = 8, ZONES_BUCKETS = 64 };

struct zones {
    struct arena *a;
    const struct asker *asker;
    const char *registrable; /* that of the request, whatever the public suffix list says; NULL: it has none */
    dcv_time now;            /* of the request */
    const char *stand_in;    /* of the request, for chain_fault() */
    struct zone *first, **last;
    size_t n;
    struct placed_name *placed[ZONES_BUCKETS]; /* the names whose zone was looked for, by their hash */
    bool bound; /* a limit was reached: questions beyond it were not asked */
    int err;    /* 0 or -ENOMEM */
};
void zones_init(struct zones *z, struct arena *a, const struct asker *asker, const struct request *r);
/* The deepest zone that holds an absolute name, as far as the answers show; .open is set where an answer is missing. In
 * the arena. NULL where the name is a public suffix or above one, or is in no zone that is known. */
struct zone *zones_holding(struct zones *z, const char *name);
/* The zone below parent at a cut that a server's answer (referral) shows. NULL: a limit was reached, or the arena is
 * full. */
struct zone *zones_below(struct zones *z, const struct zone *parent, const char *apex, const struct fact *referral);
/* The answer by which a server of the zone above refers to zone x; NULL where it does not. Servers of the zone above
 * may refer to different servers. */
const struct fact *zone_referral(struct zones *z, const struct zone *x, const struct name_server *above);
/* The zone of the registrable domain of a name, whether it exists or not; NULL where the name has none. */
struct zone *zones_registered(struct zones *z, const char *name);

/* Every address of a host that a person named, by a host name or by its address, with the port: "192.0.2.53:53" and
 * "[2001:db8::53]:53"; those of a name are the resolver's answers. *open: an answer is missing. 0 or -ENOMEM. */
int host_addresses(struct arena *a, const struct asker *asker, const char *host, struct texts *ret, bool *open);

/* 1 where any server of the zone answers at all, 0 where all are silent, -1 where that is not known, also because name
 * servers cannot be asked from here. */
int zone_answers(const struct zone *z);
/* True where the zone's servers can be asked from here. Their answers then count, and so do their failures. */
bool zone_can_be_asked(const struct zone *z);

/* Asks one server one question, over TCP after truncation. Returns the first answer; NULL: none yet. */
const struct fact *server_want(const struct asker *asker, const char *server, bool plain, const char *name,
                               uint16_t type);
/* The same, but returns the whole answer, over TCP where the first was truncated and TCP has answered. An error that
 * may be about EDNS is asked again without, where the zone is not signed. */
const struct fact *server_want_whole(const struct asker *asker, const struct name_server *s, const char *name,
                                     uint16_t type);

/* True for FORMERR, NOTIMP and BADVERS: a resolver asks again without EDNS (RFC 6891 7). */
bool fact_refuses_edns(const struct fact *f);

struct ask server_question(const struct name_server *s, const char *name, uint16_t type);
/* The first answer of a server to a question; NULL where it was not asked or has not answered. */
const struct fact *server_fact(const struct evidence *ev, const struct name_server *s, const char *name,
                               uint16_t type);

/* The host name and address of a server as shown to people: "ns1.example.com (192.0.2.53)"; NULL: arena full. */
const char *server_shown(struct arena *a, const struct name_server *s);
/* The names that a server's SOA record gives: the primary server and the mailbox, which tell one provider's zone from
 * another's (RFC 1035 3.3.13). False: the server gave none, or the arena is full. */
bool server_soa_names(struct arena *a, const struct name_server *s, char **primary, char **mailbox);

#endif
