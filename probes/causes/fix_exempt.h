/* fix_exempt.h - how the path of the file is exempt from redirects. Pure. */
#ifndef DCV_FIX_EXEMPT_H
#define DCV_FIX_EXEMPT_H

#include "causes/finding.h"

/* advice: that the path of the file be exempt from redirects, and what to write where for that: for the server that
 * redirects, as far as its answer tells which it is, else for each of the usual ones. */
void fix_exempt_file(struct judgement *j, struct finding *f);

#endif
