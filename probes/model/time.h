/* time.h - points in time as people and programs write them. Pure: the time itself is always given. */
#ifndef DCV_TIME_H
#define DCV_TIME_H

#include "model/dcv.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

/* "2026-11-22T12:00:00Z", "2026-11-22 12:00:00Z", "2026-11-22" or with a numeric offset (RFC 3339). */
bool time_parse(const char *text, dcv_time *ret);
/* RFC 3339 in UTC with milliseconds, 24 characters and NUL. */
void time_format(dcv_time t, char out[25]);

enum { TIME_STAMP = 14 };
/* yyyyMMddHHmmss in UTC, 14 characters and NUL, as request tokens and RRSIG records (RFC 4034 3.2) have it; and the
 * reverse: false where the first 14 characters are no such date. */
void time_stamp(dcv_time t, char out[TIME_STAMP + 1]);
bool time_stamp_parse(const char *stamp, dcv_time *ret);

/* "2", "0.25", in milliseconds; what lies below one is dropped. Neither sign nor exponent. */
bool seconds_parse(const char *text, uint64_t *ret);

#endif
