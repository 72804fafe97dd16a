/* small_net.h - a small internet in memory: zones on authoritative servers, one resolver, and web sites. It answers the
 * asks of a check, so a test runs plan_next() and judge() on zones of its own.
 *
 * It answers by RFC 1034 4.3.2, RFC 4592 and RFC 6672 and shares no code with judge/model.c. Everything lives in the
 * arena of the net. */
#ifndef SMALL_NET_H
#define SMALL_NET_H

#include "format/json_read_case.h"

enum { NET_ZONES_MOST = 6, NET_RECORDS_MOST = 64, NET_FILES_MOST = 4 };

struct net_zone {
    const char *apex, *server; /* "example.com.", "192.0.2.53:53" */
    struct rr v[NET_RECORDS_MOST];
    size_t n;
};

struct small_net {
    struct arena *a;
    struct net_zone zone[NET_ZONES_MOST];
    size_t n;
    struct net_file {
        const char *url, *body;
    } file[NET_FILES_MOST];
    size_t n_files;
    struct small_net *seen; /* what the resolver answers from, an older state of the zones; NULL: from these */
};

/* Adds a zone with its SOA and NS records, and the delegation in the zone above where that is of the net, too. */
struct net_zone *net_zone_add(struct small_net *net, const char *apex, const char *server);
/* Adds a record; owner is absolute. */
void net_put(struct small_net *net, const char *owner, const char *type, const char *rdata);
/* The deepest zone of the net that holds a name; NULL: none does. */
struct net_zone *net_zone_of(struct small_net *net, const char *name);
/* Applies records and files of operations: removals first. A sentence: what no server would take; NULL: done. */
const char *net_apply(struct small_net *net, const struct fix *ops, size_t n);
/* A copy that can be changed. */
struct small_net *net_copy(const struct small_net *net);
bool net_same(const struct small_net *a, const struct small_net *b);

/* What a resolver answers. */
void net_resolve(struct small_net *net, const char *name, uint16_t type, struct dns_fact *ret);
/* Runs a check: asks until nothing is left to ask, then judges. */
void net_check(struct small_net *net, const struct request *r, struct evidence *ev, struct report *ret);
/* A request from JSON members: "\"domain\":\"example.com\",\"methods\":[…]". */
struct request net_request(struct arena *a, const char *members);

#endif
