/* causes.h - the causes: one function for each row of causes.def, which looks for it and adds its finding. Pure.
 *
 * A function reads the judgement and never asks what the others found: they may look in any order. Where one cause
 * follows from another, both are found, and judge() takes the consequence out (model/consequences.def).
 * Header of causes_*.c. */
#ifndef DCV_CAUSES_H
#define DCV_CAUSES_H

#include "judge/finding.h"

#define X(id, ...) void cause_##id(struct judgement *j);
#include "model/causes.def"
#undef X

/* The chain of signatures behind the first lookup that was refused for them: into j->dnssec, before any cause looks.
 * 0 or -ENOMEM. */
int dnssec_read(struct judgement *j);
/* The cause that says where that chain breaks; CAUSE_NONE where none does. */
enum cause dnssec_cause(const struct judgement *j);

#endif
