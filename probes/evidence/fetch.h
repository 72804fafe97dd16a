/* fetch.h - one file as the CA would fetch it, read from facts: addresses in order, redirects step by step.
 * Pure.
 *
 * Both plan and judge call fetch_walk(). It goes as far as the facts lead, and puts the missing question to its asker:
 * with plan's asker that makes the next ask; with judge's asker the fetch stays pending. A struct fetch belongs to its
 * caller, its texts are in the arena. One thread, that of the arena. */
#ifndef DCV_FETCH_H
#define DCV_FETCH_H

#include "base/url.h"
#include "evidence/view.h"

/* content: the body is the file; status: a response whose body is not the file, and no redirect; redirect: one that may
 * not be followed; network: no response at all. The profile says which statuses are which. */
#define DCV_FETCHES(X)                                                                                       \
    X(FETCH_PENDING, "pending")                                                                              \
    X(FETCH_CONTENT, "content")                                                                              \
    X(FETCH_STATUS, "status")                                                                                \
    X(FETCH_REDIRECT, "redirect")                                                                            \
    X(FETCH_NETWORK, "network")
enum fetch_class { DCV_FETCHES(DCV_MEMBER) };

/* Why a redirect may not be followed (BR 3.2.2.4.18); the profile has the rules. */
enum redirect_fault {
    REDIRECT_FINE,
    REDIRECT_STATUS,    /* one that the CA does not follow, such as 300, 303 or 304 */
    REDIRECT_MALFORMED, /* no Location, one that is not a URL, or one without the slash after the host */
    REDIRECT_SCHEME,
    REDIRECT_PORT,
    REDIRECT_HOST,
    REDIRECT_LOOP,
    REDIRECT_COUNT
};

/* Of one host. The CA's client goes on to the next address where a connection fails; with more of them it would be at
 * its time limit, and a hostile zone could have thousands of connections made to addresses of its choice. */
enum { FETCH_ADDRESSES_MOST = 6 };
/* The addresses in a lookup of A or AAAA records, as text, from which a file is fetched, in the order of the answer;
 * where there are more than FETCH_ADDRESSES_MOST, the lowest of them, since each server may give another order.
 * Returns their number; fewer where the arena is full. */
size_t fetch_addresses(struct arena *a, const struct lookup *l, const char *ret[FETCH_ADDRESSES_MOST]);

struct fetch {
    enum fetch_class class;
    const char *url;           /* the URL of the last step */
    const struct fact *fact;   /* the HTTP fact that decides; NULL while pending and without address */
    struct lookup lookup;      /* A records of the last host; .name NULL for an IP address */
    struct lookup aaaa;        /* AAAA records, asked where there is no A record */
    enum redirect_fault fault; /* redirect */
    const char *target;        /* redirect: the URL that it leads to */
    unsigned hops;             /* redirects followed */
    const struct fact **facts; /* all steps, in order */
    size_t n;
};

/* Fetches url. view: whose answers give the addresses of each host; NULL: the resolvers'. only: the one IP address to
 * connect to for the host of url (the hosts of redirects are looked up as usual); NULL: the addresses of the host.
 * agent: the user agent; NULL: the CA's first. 0 or -ENOMEM. */
int fetch_walk(struct arena *a, const struct asker *asker, const struct request *r, const struct evidence *ev,
               const struct view *view, const char *url, const char *only, const char *agent, struct fetch *ret);

/* The URL of the file that the CA fetches. scheme: "http" or "https". NULL where the arena is full. */
const char *fetch_url(struct arena *a, const struct request *r, const char *scheme);

#endif
