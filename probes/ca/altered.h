/* altered.h - tells whether a value is almost the right one, and how it differs. Pure. */
#ifndef DCV_ALTERED_H
#define DCV_ALTERED_H

#include "model/dcv.h"

/* What was done to wanted so that found came out, as a phrase that follows "the value …": "has blanks around
 * it", "is in other letter case", "lacks one character". NULL where the two are equal, or not nearly equal.
 * Static. Linear in the lengths. */
const char *altered_value(struct bytes found, struct bytes wanted);
/* The same for any of n wanted values; found is read no more often than for one. */
const char *altered_any(struct bytes found, const struct bytes *wanted, size_t n);

#endif
