/* base64.h - bytes as text of letters and digits, RFC 4648 4, with padding. Pure; the results are in the arena
 * given. */
#ifndef DCV_BASE64_H
#define DCV_BASE64_H

#include "model/dcv.h"

char *base64_encode(struct arena *a, struct bytes b);
/* False: not base64, or the arena is full. */
bool base64_decode(struct arena *a, const char *text, size_t len, struct bytes *ret);

#endif
