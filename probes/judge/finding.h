/* finding.h - what a cause function says of what it saw. Pure.
 *
 * A cause function reads the judgement, never the findings of others, and adds its own; it never changes the verdict.
 * Where the arena is full the functions here do nothing, and judge() fails as a whole. */
#ifndef DCV_FINDING_H
#define DCV_FINDING_H

#include "methods/verdict.h"

/* The zone as the walk found it; NULL at depth quick, without a zone cut, and where the input was refused. */
const struct zone *judged_zone(const struct judgement *j);
/* The zones that the checked names lead through, n of them; D's own alone where the walk did not get so far. */
const struct zone *const *judged_zones(const struct judgement *j, size_t *n);
/* Calls see for each of them. */
void each_zone(struct judgement *j, void (*see)(struct judgement *j, const struct zone *z));
/* Adds a finding about one server: {zone}, {host}, and its SOA answer. */
struct finding *finding_about_server(struct judgement *j, enum cause c, const struct zone *z, const struct name_server *s);
/* One of the judged lookups failed in this zone, or at the resolvers where it is D's own. */
bool judged_failed_in(const struct judgement *j, const struct zone *z);
/* One of them failed: what keeps servers from answering explains the failure. */
bool judged_lookup_failed(const struct judgement *j);
/* For a cause that stands beside the failure without explaining it: a risk at most. */
void finding_aside(struct finding *f, bool explains);
/* Adds a finding with the cause's own weight (at most a risk unless the verdict is fail). NULL: arena full.
 */
struct finding *finding_add(struct judgement *j, enum cause c);
/* The same, about j->candidate: sets {owner} to its place and adds the proof. */
struct finding *finding_about(struct judgement *j, enum cause c);
/* The check itself failed, not the input: causes of a failure look no further without it. */
bool judged_failing(const struct judgement *j);
void finding_set(struct judgement *j, struct finding *f, const char *variable,
                 const char *value); /* fills {variable} */
void finding_fact(struct judgement *j, struct finding *f,
                  const struct fact *fact); /* NULL is ignored, a repetition too */
struct fix *finding_fix(struct judgement *j, struct finding *f,
                        enum fix_op op); /* never NULL: a spare one where the arena is full */

/* One finding for the first failing lookup that shows the cause: the second name below the same zone would only
 * repeat it. NULL: none does. */
const struct lookup *judged_first(const struct judgement *j,
                                  bool (*shows)(const struct judgement *, const struct lookup *));
/* Sets {owner} and {type}, and adds the lookup's facts. */
void finding_lookup(struct judgement *j, struct finding *f, const struct lookup *l);
/* " (Signature Expired: …)": what the resolver said beside its rcode; "" for nothing. */
const char *judged_ede(struct judgement *j, const struct fact *fact);

#endif
