/* causes.h - the causes: one function for each row of causes.def, which looks for that cause and adds its finding.
 * Pure.
 *
 * A function reads the judgement and never what the other functions found, so the order of the calls does not matter.
 * Where one cause follows from another, both are found, and judge() removes the consequence (model/consequences.def).
 * Header of causes_*.c. */
#ifndef DCV_CAUSES_H
#define DCV_CAUSES_H

#include "causes/finding.h"

#define X(id, ...) void cause_##id(struct judgement *j);
#include "model/causes.def"
#undef X

/* Reads the chain of signatures of the first lookup that failed because of its signatures, into j->dnssec. Called
 * before any cause function. 0 or -ENOMEM. */
int dnssec_read(struct judgement *j);
/* The cause that tells where that chain breaks; CAUSE_NONE where no cause does. */
enum cause dnssec_cause(const struct judgement *j);

/* The DNAME of an answer that makes too long a name of the one that was asked for, or that aliases lead to: a server
 * then has nothing to give but the error YXDOMAIN (RFC 6672 2.2). *name: that name. NULL: there is none. */
const struct rr *dname_without_room(struct judgement *j, const struct fact *f, const char **name);

/* add: the value at the domain itself, where the label cannot be read and the domain is no alias: it then needs no
 * other zone. Nothing where the check does not fail, is not dns-txt-token, or the value or what stands at the domain is
 * not known. */
void cure_at_domain(struct judgement *j, struct finding *f);

#endif
