/* json_read_report.h - reads a report that was written earlier, and shows one as the API does. Pure; any thread. What
 * is read is in the arena given and belongs to the caller. */
#ifndef DCV_JSON_READ_REPORT_H
#define DCV_JSON_READ_REPORT_H

#include "format/json_problem.h"
#include "format/json_write.h"

/* A report as it was written, with its members "request" and "evidence": what the daemon answers of one check. It is
 * taken as it stands, and not judged again. Of its member "caa" only the facts of the climb are read: they tell who
 * decided, and the derivation is found again in the evidence; it is left out where today's rules come to another
 * verdict. 0, -EINVAL with *problem, -ENOMEM. */
int json_read_report(struct arena *a, const char *text, size_t len, const struct profile *profile,
                     struct report *ret, struct json_problem *problem);

/* A report as the store keeps it: without evidence and derivation, and beside it a terse case; from the two follows all
 * that is shown. The terse case has one member of its own, "caa_source", where a CAA verdict was not read from the
 * resolvers' answers: the number of a fact, see caa_source(). */
struct stored {
    const char *report; /* JSON_NO_EVIDENCE | JSON_NO_CAA | JSON_NO_PATH */
    size_t report_len;
    const char *evidence; /* a case, JSON_NO_REPORT | JSON_TERSE */
    size_t evidence_len;
};
/* Writes it as json_write_shown() writes a report in memory. What it came to stands as it was written, and nothing is
 * judged again. The derivation of a CAA verdict is found again in the evidence, and left out where today's rules come
 * to another verdict. A case without "caa_source", as older versions stored them all, is taken for one that the
 * resolvers decided. Texts that cannot be read are shown as they are. 0 or -ENOMEM. */
int json_write_stored(struct json_out *j, const char *key, struct arena *a, const struct profile *profile,
                      const struct stored *s);

#endif
