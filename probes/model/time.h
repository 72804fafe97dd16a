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

#endif
