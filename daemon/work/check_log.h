/* check_log.h - a line of the log for each check that has ended ([daemon] access_log). Owns nothing; any thread. */
#ifndef DCVD_CHECK_LOG_H
#define DCVD_CHECK_LOG_H

#include "work/scheduler.h"

/* "check: id=… domain=… verdict=fail code=invalid_dns_txt ms=41.7" of one that is done or cancelled; other news has no
 * line. The code is that of the report that decides, "-" for none; ms the time of its slowest report. */
void check_log(const struct scheduler_news *news);

#endif
