/* suffixes.h - the public suffix list: below which names others register theirs. Pure; any thread.
 *
 * The ICANN section alone, by the list's own algorithm (https://publicsuffix.org/list/, "Algorithm"), without
 * its default rule "*": a top-level domain that is not on the list is none of it; a check asks the root about
 * it. The list of contrib/public_suffix_list.dat is built in; a program may take another one at its start. */
#ifndef DCV_SUFFIXES_H
#define DCV_SUFFIXES_H

#include "model/time.h"

enum { SUFFIX_DATE = 10 }; /* "2026-11-19" */

/* What the list says of one name. Several may hold. */
enum suffix_say {
    SUFFIX_RULE = 1,      /* the name is a rule */
    SUFFIX_BELOW = 2,     /* *.name is a rule */
    SUFFIX_EXCEPTION = 4, /* !name is a rule */
    SUFFIX_TOP = 8        /* the name is the top-level domain of a rule */
};

/* Immutable. Names are lower case, A-labels, no final dot; slots is a hash table of 2^bits, len 0 is a free
 * slot. */
struct suffixes {
    char date[SUFFIX_DATE + 1];
    unsigned bits;
    const char *names;
    const struct suffix_slot {
        uint32_t at; /* in names */
        uint8_t len, say;
    } *slots;
};

extern const struct suffixes suffixes_built_in;

/* Reads a list as it is published. date: that of a list whose text does not name its VERSION. The list is in
 * the arena. 0; -EINVAL: it is no such list, and *why says where and what was expected; or -ENOMEM. */
int suffixes_read(struct arena *a, const char *text, size_t len, const char *date, struct suffixes *ret,
                  const char **why);
/* The day of the VERSION that the first lines of a list name. False where they name none. */
bool suffixes_version(const char *text, size_t len, char date[SUFFIX_DATE + 1]);

/* The list that all threads use from now on; it stays with the caller, unchanged. Only before there are
 * threads: readers take no lock. */
void suffixes_use(const struct suffixes *list);
const struct suffixes *suffixes_in_use(void);
/* True where the list in use is more than a year old: there may be top-level domains by now that it lacks. */
bool suffixes_are_old(dcv_time now);

/* name: lower case, A-labels, no final dot. */
bool suffixes_hold(const char *name);      /* a public suffix */
bool suffixes_except(const char *name);    /* no suffix, though its parent is a wildcard's: !city.kobe.jp */
bool suffixes_know_top(const char *label); /* a top-level domain that the list has rules for */

#endif
