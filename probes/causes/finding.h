/* finding.h - how a cause function adds a finding to the report: its variables, facts and fixes. Pure.
 *
 * A cause function reads the judgement, never the findings of other functions, and adds its own; it never changes the
 * verdict. Findings live in the judgement's arena. Where the arena is full the functions here do nothing, and judge()
 * fails as a whole. */
#ifndef DCV_FINDING_H
#define DCV_FINDING_H

#include "methods/verdict.h"

/* The domain's own zone as the zone servers showed it; NULL at depth quick, without a zone cut, and where the input was
 * refused. */
const struct zone *judged_zone(const struct judgement *j);
/* The zones that the lookups of the checked names go through, *n of them; only the domain's own zone where no such list
 * is known. */
const struct zone *const *judged_zones(const struct judgement *j, size_t *n);
/* Calls see for each of the zones of judged_zones(). */
void each_zone(struct judgement *j, void (*see)(struct judgement *j, const struct zone *z));
/* Adds a finding about one server: {zone}, {host}, and its SOA answer. */
struct finding *finding_about_server(struct judgement *j, enum cause c, const struct zone *z,
                                     const struct name_server *s);
/* True where an earlier address of the host of server i is in the same state: one finding is enough for both. */
bool server_repeats(const struct zone *z, size_t i);
/* True where one of the judged lookups failed in this zone, or, for the domain's own zone, at the resolvers. */
bool judged_failed_in(const struct judgement *j, const struct zone *z);
/* True where one of the judged lookups failed: a cause that keeps servers from answering then explains the failure. */
bool judged_lookup_failed(const struct judgement *j);
/* Says who has to act where it is not whom the cause names. A cure that begins with what is another's decides still. */
void finding_actor(struct finding *f, enum actor who);
/* Makes a blocking finding a risk where its cause does not explain the failure. */
void finding_aside(struct finding *f, bool explains);
/* Adds a finding with the cause's own weight (at most a risk unless the verdict is fail) and the cause's own actor.
 * NULL: arena full. */
struct finding *finding_add(struct judgement *j, enum cause c);
/* The same, about j->candidate: sets {owner} to its place and adds the proof. */
struct finding *finding_about(struct judgement *j, enum cause c);
/* True where the check failed, and not because of its input. Functions for causes of a failure return at once where it
 * is false. */
bool judged_failing(const struct judgement *j);
void finding_set(struct judgement *j, struct finding *f, const char *variable,
                 const char *value); /* fills {variable} */
/* The same with a sentence or clause of our own about what was found, which is not cut off where a long value is. Its
 * parts from outside are bounded already. */
void finding_say(struct judgement *j, struct finding *f, const char *variable, const char *text);
void finding_fact(struct judgement *j, struct finding *f,
                  const struct fact *fact); /* a fact that is NULL or already there is ignored */
/* Adds an operation to the finding's last cure. Never NULL: a spare one where the arena is full. */
struct fix *finding_fix(struct judgement *j, struct finding *f, enum fix_op op);
/* Begins another cure of the finding: what is added from now on is to be done instead of what was added before. */
void finding_or(struct judgement *j, struct finding *f);

/* The first failing lookup that shows the cause; NULL where none does. Only this one gets a finding: a second name in
 * the same zone would only repeat it. */
const struct lookup *judged_first(const struct judgement *j,
                                  bool (*shows)(const struct judgement *, const struct lookup *));
/* Sets {owner} and {type}, and adds the lookup's facts. */
void finding_lookup(struct judgement *j, struct finding *f, const struct lookup *l);
/* Names in a sentence: "a and b", "a, b and 3 more"; without final dots. */
const char *names_listed(struct arena *a, const struct texts *names);
/* " (Signature Expired: …)": what the resolver said beside its rcode; "" for nothing. */
const char *judged_ede(struct judgement *j, const struct fact *fact);

#endif
