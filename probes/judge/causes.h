/* causes.h - the causes: one function for each row of causes.def, which looks for it and adds its finding. Pure. */
#ifndef DCV_CAUSES_H
#define DCV_CAUSES_H

#include "judge/finding.h"

#define X(id, ...) void cause_##id(struct judgement *j);
#include "model/causes.def"
#undef X

/* One of the findings about broken signatures is there. */
bool dnssec_found(const struct judgement *j);

#endif
