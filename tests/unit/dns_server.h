/* dns_server.h - a DNS server for tests, which misbehaves as the first label of the name asked says.
 *
 * It has a thread of its own and listens for UDP and TCP on one port of the loopback address that the kernel picks. It
 * never waits for time to pass: an answer that has to be late is sent when the next query comes. The struct is the
 * test's; the server's thread uses it until dns_server_stop(), after which the test may read the counters. */
#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_server {
    char text[64]; /* its address: "127.0.0.1:40123" */
    pthread_t thread;
    int family, udp, tcp, stray, stop;
    int silent[64]; /* streams that never get an answer */
    unsigned n_silent;
    _Atomic uint8_t rcode;     /* of every answer */
    uint8_t held[512]; /* the answer that is sent when the next query comes */
    size_t held_len;
    unsigned queries, upper_case; /* upper_case: how many had a capital letter in the name */
    unsigned seen_of_drop;        /* queries for drop.* and late.* */
    uint8_t ports[8192];          /* bit set of source ports */
};

/* What each first label is answered with; any other one gets an answer with one TXT record.
 *   silent      nothing
 *   drop        nothing to the first query, an answer to others
 *   late        the answer to the first query comes with the second, which itself gets none
 *   wrongid     a datagram with another id first
 *   stranger    a datagram from another port first, with the right id and NXDOMAIN
 *   misfit      an answer to another question, nothing else
 *   misfitfirst the same, then the answer
 *   formerr     FORMERR without a question section
 *   lower       the answer repeats the question in lower case
 *   tc          over UDP a truncated answer; over TCP one of 60 KB
 *   cut         over TCP: 100 bytes of 500, then the end of the stream
 *   closes      over TCP: the end of the stream at once
 */
bool dns_server_start(struct dns_server *s, int family); /* false: the machine has no addresses of the family */
void dns_server_stop(struct dns_server *s);
/* From how many source ports queries came. */
unsigned dns_server_ports(const struct dns_server *s);

#endif
