#include "model/time.h"

#include <ctype.h>
#include <string.h>

/* Days since 1970-01-01 of a date in the Gregorian calendar, and back. Years are counted
 * from March, so that the leap day is the last day of a year and every five months have 153 days. */
static int64_t days_from_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_from_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

enum { SECOND = 1000, DAY = 86400 * SECOND };

static void digits(char *out, int n, unsigned v)
{
    while (n--) {
        out[n] = (char)('0' + v % 10);
        v /= 10;
    }
}

void time_format(dcv_time t, char out[25])
{
    /* RFC 3339 has four digits for the year: a time outside them is shown as the first or the last that has a form. */
    const dcv_time first = -62167219200 * (int64_t)SECOND, last = 253402300800 * (int64_t)SECOND - 1;
    t = t < first ? first : t > last ? last : t;
    int64_t days = t / DAY - (t % DAY < 0);
    unsigned of_day = (unsigned)(t - days * DAY);
    int year, month, day;
    date_from_days(days, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000Z", 25);
    digits(out, 4, (unsigned)year);
    digits(out + 5, 2, (unsigned)month);
    digits(out + 8, 2, (unsigned)day);
    digits(out + 11, 2, of_day / (3600 * SECOND));
    digits(out + 14, 2, of_day / (60 * SECOND) % 60);
    digits(out + 17, 2, of_day / SECOND % 60);
    digits(out + 20, 3, of_day % SECOND);
}

/* Reads n digits at *p and moves *p past them; -1 where they are not n digits. */
static int number(const char **p, int n)
{
    int v = 0;
    while (n--) {
        if (**p < '0' || **p > '9')
            return -1;
        v = v * 10 + *(*p)++ - '0';
    }
    return v;
}

static bool sign(const char **p, char c)
{
    if (**p != c)
        return false;
    ++*p;
    return true;
}

static bool offset_parse(const char **p, int64_t *ret)
{
    if (sign(p, 'Z') || sign(p, 'z')) {
        *ret = 0;
        return true;
    }
    bool west = **p == '-';
    if (!west && **p != '+')
        return false;
    ++*p;
    int hours = number(p, 2);
    if (hours < 0 || hours > 23 || !sign(p, ':'))
        return false;
    int minutes = number(p, 2);
    if (minutes < 0 || minutes > 59)
        return false;
    *ret = (int64_t)(west ? -1 : 1) * (hours * 60 + minutes) * 60 * SECOND;
    return true;
}

bool time_parse(const char *text, dcv_time *ret)
{
    static const int lengths[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *p = text;
    int year = number(&p, 4);
    if (year < 0 || !sign(&p, '-'))
        return false;
    int month = number(&p, 2);
    if (month < 1 || month > 12 || !sign(&p, '-'))
        return false;
    int day = number(&p, 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > lengths[month] + (month == 2 && leap))
        return false;
    dcv_time t = days_from_date(year, month, day) * DAY;
    if (!*p) {
        *ret = t;
        return true;
    }
    if (!sign(&p, 'T') && !sign(&p, 't') && !sign(&p, ' '))
        return false;
    int hour = number(&p, 2);
    if (hour < 0 || hour > 23 || !sign(&p, ':'))
        return false;
    int minute = number(&p, 2);
    if (minute < 0 || minute > 59 || !sign(&p, ':'))
        return false;
    int second = number(&p, 2);
    if (second < 0 || second > 60) /* 60 is a leap second (RFC 3339 §5.7): it is taken as the second after 59 */
        return false;
    int ms = 0;
    if (sign(&p, '.')) {
        int place = 100;
        if (*p < '0' || *p > '9')
            return false;
        for (; *p >= '0' && *p <= '9'; p++, place /= 10)
            ms += (*p - '0') * place;
    }
    int64_t offset;
    if (!offset_parse(&p, &offset) || *p)
        return false;
    *ret = t + ((hour * 60 + minute) * 60 + second) * (int64_t)SECOND + ms - offset;
    return true;
}

/* Where the digits of a stamp stand in yyyy-MM-ddTHH:mm:ss, the form of RFC 3339. */
static const unsigned char places[TIME_STAMP] = {0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18};

void time_stamp(dcv_time t, char out[TIME_STAMP + 1])
{
    char text[25];
    time_format(t, text);
    for (int i = 0; i < TIME_STAMP; i++)
        out[i] = text[places[i]];
    out[TIME_STAMP] = '\0';
}

bool time_stamp_parse(const char *stamp, dcv_time *ret)
{
    char text[] = "0000-00-00T00:00:00Z";
    for (int i = 0; i < TIME_STAMP; i++) {
        if (stamp[i] < '0' || stamp[i] > '9')
            return false;
        text[places[i]] = stamp[i];
    }
    /* RFC 3339 allows a leap second; a request token does not: the CA's clock never shows 60 seconds. */
    return text[17] < '6' && time_parse(text, ret);
}

const char *time_words(struct arena *a, dcv_time t)
{
    char stamp[TIME_STAMP + 1];
    time_stamp(t, stamp);
    return arena_printf(a, "%.4s-%.2s-%.2s %.2s:%.2s:%.2s UTC", stamp, stamp + 4, stamp + 6, stamp + 8, stamp + 10,
                        stamp + 12);
}

bool seconds_parse(const char *text, uint64_t *ret)
{
    uint64_t ms = 0;
    unsigned decimals = 0;
    bool point = false;
    if (!isdigit((unsigned char)*text))
        return false;
    for (; *text; text++) {
        if (*text == '.' && !point)
            point = true;
        else if (!isdigit((unsigned char)*text) || ms > UINT32_MAX)
            return false;
        else if (decimals < 3) {
            ms = ms * 10 + (uint64_t)(*text - '0');
            decimals += point;
        }
    }
    for (; decimals < 3; decimals++)
        ms *= 10;
    *ret = ms;
    return true;
}
