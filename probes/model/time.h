/* time.h - converts points in time (milliseconds, see dcv_time) from and to text. Pure: no function reads a clock. */
#ifndef DCV_TIME_H
#define DCV_TIME_H

#include "model/dcv.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

/* "2026-11-22T12:00:00Z", "2026-11-22 12:00:00Z", "2026-11-22" or with a numeric offset (RFC 3339). False where
 * text is none of these. */
bool time_parse(const char *text, dcv_time *ret);
/* RFC 3339 in UTC with milliseconds, 24 characters and NUL. */
void time_format(dcv_time t, char out[25]);

enum { TIME_STAMP = 14 };
/* yyyyMMddHHmmss in UTC, 14 characters and NUL, as in request tokens and RRSIG records (RFC 4034 3.2). time_stamp_parse
 * reads it: false where the first 14 characters are no such time. */
void time_stamp(dcv_time t, char out[TIME_STAMP + 1]);
bool time_stamp_parse(const char *stamp, dcv_time *ret);
/* For people: "2026-11-22 12:00:00 UTC". NULL: the arena is full. */
const char *time_words(struct arena *a, dcv_time t);

/* Reads seconds such as "2" or "0.25", without sign and exponent; *ret is in milliseconds, rounded down. */
bool seconds_parse(const char *text, uint64_t *ret);

#endif
