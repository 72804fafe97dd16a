/* dns_server.h - a DNS server for tests that misbehaves on request: the first label of the name asked says
 * how.
 *
 * One thread, UDP and TCP on one port of loopback that the kernel picks. It never waits for time to pass:
 * what is to come late comes when the next query does. Counters are the tests' to read after
 * dns_server_stop(). */
#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_server {
    char text[64]; /* "127.0.0.1:40123" */
    pthread_t thread;
    int family, udp, tcp, stray, stop;
    int silent[64]; /* streams that never get an answer */
    unsigned n_silent;
    _Atomic uint8_t rcode;     /* of every answer */
    uint8_t held[512]; /* the answer that comes with the next query */
    size_t held_len;
    unsigned queries, upper_case; /* upper_case: how many had a capital letter in the name */
    unsigned seen_of_drop;        /* queries for drop.* and late.* */
    uint8_t ports[8192];          /* bit set of source ports */
};

/* What the first label asks for. Anything else is answered with one TXT record.
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
bool dns_server_start(struct dns_server *s, int family); /* false: the machine has no such family */
void dns_server_stop(struct dns_server *s);
unsigned dns_server_ports(const struct dns_server *s);

#endif
