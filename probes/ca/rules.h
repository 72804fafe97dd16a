/* rules.h - the rules of the profile that change by date, by name and in words: which is in force at a time, since
 * when, until when, and who says so. Pure; all texts are in the arena given. Header of rules.c. */
#ifndef DCV_RULES_H
#define DCV_RULES_H

#include "ca/profile.h"

enum dated_rule {
#define X(id, ...) RULE_##id,
#include "ca/rules.def"
#undef X
    RULE_COUNT
};
#define RULE_BIT(rule) (1u << (rule))

struct rule_said {
    const char *name; /* "reuse": its name in JSON */
    bool is_switch;   /* .value is yes or no */
    int value;        /* in force */
    const char *since, *until; /* YYYY-MM-DD: first day of the value, and of the next one; NULL where there is none */
    const char *source;        /* NULL where the profile does not tell */
    const char *text; /* sentences: the value in force and all later ones, each with its day and source */
};

/* What a rule says at now. False where the profile has no row for it, or the arena is full. */
bool rule_said(struct arena *a, const struct profile *p, enum dated_rule rule, dcv_time now, struct rule_said *ret);
/* The end of a method of validation as a sentence; NULL where the arena is full. */
const char *sunset_said(struct arena *a, const struct sunset *s, dcv_time now);

#endif
