#include "cmd/moments.h"

#include "cmd/cli.h"
#include "model/time.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Midnight here of the day of t, or of so many days before. */
static dcv_time midnight(dcv_time t, int days_before)
{
    time_t seconds = (time_t)(t / 1000);
    struct tm tm;
    if (!localtime_r(&seconds, &tm))
        return t;
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_mday -= days_before;
    tm.tm_isdst = -1;
    return (dcv_time)mktime(&tm) * 1000;
}

/* "3d". False: it is no such span, or longer than the clock is old. */
static bool span_read(const char *text, dcv_time now, dcv_time *ret)
{
    static const struct {
        char unit;
        dcv_time ms;
    } units[] = {{'s', 1000}, {'m', 60 * 1000}, {'h', HOUR_MS}, {'d', DAY_MS}, {'w', 7 * DAY_MS}};
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 6 || !text[digits] || text[digits + 1])
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].unit == text[digits]) {
            *ret = now - atoi(text) * units[i].ms;
            return *ret > 0;
        }
    return false;
}

/* A date alone begins here, not in Greenwich. */
static bool date_read(const char *text, dcv_time *ret)
{
    enum { DATE_LENGTH = 10, NOON_MS = DAY_MS / 2 };
    if (strlen(text) != DATE_LENGTH || !time_parse(text, ret))
        return false;
    time_t seconds = (time_t)(*ret / 1000);
    struct tm tm;
    if (gmtime_r(&seconds, &tm)) {
        tm.tm_isdst = -1;
        *ret = (dcv_time)mktime(&tm) * 1000;
    }
    return true;
}

bool moment_read(const char *option, const char *text, dcv_time now, char ret[MOMENT_LENGTH + 1])
{
    dcv_time t;
    if (!strcmp(text, "today"))
        t = midnight(now, 0);
    else if (!strcmp(text, "yesterday"))
        t = midnight(now, 1);
    else if (!strcmp(text, "now"))
        t = now;
    else if (!span_read(text, now, &t) && !date_read(text, &t) && !time_parse(text, &t)) {
        command_misused(
            "--%s: '%.40s' is not a time; expected how long ago, as 2h or 3d, yesterday, a date as "
            "2026-11-22, or a time as 2026-11-22T12:00:00Z%s",
            option, text, command_meant(text, "yesterday today now"));
        return false;
    }
    time_format(t, ret);
    return true;
}

static const char *local(struct arena *a, dcv_time t, bool with_seconds)
{
    time_t seconds = (time_t)(t / 1000);
    struct tm tm;
    char text[64];
    size_t n = 0;
    if (localtime_r(&seconds, &tm))
        n = with_seconds ? strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z", &tm)
                         : strftime(text, sizeof text, "%Y-%m-%d %H:%M %Z", &tm);
    if (!n)
        return "";
    const char *copy = arena_strdup(a, text);
    return copy ? copy : "";
}

const char *moment_local(struct arena *a, dcv_time t)
{
    return local(a, t, true);
}

const char *moment_shown(struct arena *a, const char *rfc3339, bool seconds)
{
    dcv_time t;
    if (!rfc3339 || !time_parse(rfc3339, &t) || strlen(rfc3339) < MOMENT_LENGTH)
        return rfc3339;
    if (cli_width())
        return local(a, t, seconds);
    return seconds ? arena_printf(a, "%.19sZ", rfc3339)
                   : arena_printf(a, "%.10s %.5s", rfc3339, rfc3339 + 11);
}
