/* carry_out.h - carries the cures of a report out on the zones that the check looked at. A cure that says that it is
 * proven can be entered, makes the check pass, takes no answer, method or permission away, and can be undone.
 *
 * What is wrong is printed and counted. */
#ifndef CARRY_OUT_H
#define CARRY_OUT_H

#include "small_net.h"

#define TOKEN "x7k2m9p4q8w3e6r1t5y0u2i4o6a8s0d3"
#define OTHER "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6"

extern unsigned faults;
#define wrong(...) (faults++, print_error(__VA_ARGS__), print_error("\n"))

/* A net with the zones com and example.com. */
struct small_net *net_new(struct arena *a);
/* more: further members of the request, each with a comma before it. */
struct request request_of(struct arena *a, const char *domain, const char *method, const char *more);
/* A cure as a sentence: "of: cause: [add OWNER TYPE DATA VALUE] …". */
const char *in_words(struct arena *a, const char *of, const struct finding *f, const struct cure *c);
/* All proven cures of a report; how many they are. */
unsigned carry_out_all(const char *of, struct small_net *net, const struct request *r, const struct report *p);

#endif
