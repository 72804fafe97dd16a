/* profile.h - what is one CA's own: names, labels, identifiers, lifetimes, redirect rules.
 *
 * DigiCert's values are built in. Another CA is a file in the same form (contrib/ca-profiles/) and no code.
 * A profile is constant once loaded and may be shared between threads. */
#ifndef DCV_PROFILE_H
#define DCV_PROFILE_H

#include "model/dcv.h"

/* A value that changes on a day: in force from .from on, until the next row; the first row has always been. */
struct dated {
    dcv_time from;
    int value;
};

struct poll_step { /* ask every `every` seconds until `until` seconds after the first time */
    uint32_t every, until;
};

struct profile {
    const char *name;         /* "DigiCert" */
    const char *txt_label;    /* "_dnsauth" */
    const char *target_label; /* "_dcv": second place of a CNAME target */
    const char *cname_base;   /* "dcv.digicert.com" */
    const char *file_dir;     /* "/.well-known/pki-validation/" */
    const char *file_name;    /* "fileauth.txt" */
    const char *user_agent;   /* "DigiCert DCV Bot/1.1" */
    struct texts caa_identifiers;
    const char *caa_account;  /* the parameter tag that ties a CAA record to an account: "account" */
    uint32_t random_days, token_days; /* lifetimes of a random value and of a request token */
    uint32_t file_bytes;      /* how much of a file is read: 5000 */
    uint32_t redirects;       /* followed at most: 5 */
    struct dated reuse_days[8];    /* how long a validation may be reused (BR 4.2.1), n_reuse rows */
    size_t n_reuse;
    struct poll_step polling[8];
    size_t n_polling;
};

const struct profile *profile_builtin(void);
/* Reads a profile from the text of an INI file with the keys of profile.def; what is not in it keeps the built-in
 * value. 0, -ENOMEM, or -EINVAL with *line (from 1) and *expected (static) set. Everything is in the arena. */
int profile_parse(struct arena *a, const char *text, size_t len, struct profile *ret, unsigned *line, const char **expected);
/* The row in force at now; 0 where there is none. */
int dated_value(const struct dated *rows, size_t n, dcv_time now);

#endif
