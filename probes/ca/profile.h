/* profile.h - what is particular to one CA: names, labels, identifiers, lifetimes, and how it fetches a file.
 *
 * DigiCert's values are built in (profile.c) and appear nowhere else in the code. Another CA needs a profile file
 * (contrib/ca-profiles/), but no code. profile.def lists the keys of such a file. A profile is constant once loaded and
 * may be shared between threads. Header of profile.c and profile_*.c. */
#ifndef DCV_PROFILE_H
#define DCV_PROFILE_H

#include "model/dcv.h"

enum {
    PROFILE_ROWS = 8,    /* the most rows of one table */
    REDIRECTS_MOST = 20, /* the most redirects that a profile may set */
};

/* A value that changes at given times: a row is in force from .from until the next row's. The first row is in force at
 * any time before that. A switch is 1 for yes and 0 for no. */
struct dated_rows {
    struct dated {
        dcv_time from;
        int value;
        const char *source; /* who says so: "BR 4.2.1, ballot SC-081v3"; NULL where the profile does not tell */
    } v[PROFILE_ROWS];
    size_t n;
};

/* Methods that the rules end: from .from on no certificate may rest on them. In the order of their days. */
struct sunsets {
    struct sunset {
        dcv_time from;
        const char *section; /* of the Baseline Requirements, "3.2.2.4.4" */
        const char *means;   /* in words, "email to a constructed address"; its first word says by what means */
        const char *source;  /* NULL where the profile does not tell */
    } v[2 * PROFILE_ROWS];
    size_t n;
};

/* The names under which the CA's fetcher introduces itself (User-Agent), each in use from its day on beside those
 * before it. */
struct user_agents {
    struct user_agent {
        dcv_time from; /* TIME_UNKNOWN: always */
        const char *text;
        const char *source; /* NULL where the profile does not tell */
    } v[PROFILE_ROWS];
    size_t n;
};

/* The CA asks again every `every` seconds, until `until` seconds after the first time. */
struct poll_steps {
    struct poll_step {
        uint32_t every, until;
    } v[PROFILE_ROWS];
    size_t n;
};

/* Where there are .of or more remote perspectives, .may_differ of them may fail to corroborate (BR 3.2.2.9). */
struct quorum_rows {
    struct quorum {
        uint32_t of, may_differ;
    } v[PROFILE_ROWS];
    size_t n;
};

/* Ranges of HTTP statuses; the last status of a range belongs to it. */
struct statuses {
    struct status_range {
        uint16_t first, last;
    } v[PROFILE_ROWS];
    size_t n;
};

/* Pairs of a scheme and a port. */
struct file_ports {
    struct file_port {
        bool https;
        uint16_t port;
    } v[PROFILE_ROWS];
    size_t n;
};

/* A label of RFC 8657 by which a CAA record permits a method. One method may have several. */
struct method_labels {
    struct method_label {
        enum method method;
        const char *label;
    } v[2 * PROFILE_ROWS];
    size_t n;
};

/* A validation whose label is .used also meets a CAA record that lists .met; not the other way round. */
struct label_pairs {
    struct label_pair {
        const char *used, *met;
    } v[PROFILE_ROWS];
    size_t n;
};

/* What the check of a whole order answers where a name of it fails by the method: 200 with a list of the names
 * (.names), or the code. */
struct order_answers {
    struct order_answer {
        enum method method;
        bool names;
    } v[PROFILE_ROWS];
    size_t n;
};

/* The encodings of a body (RFC 9110 8.4.1) that can be undone; a profile may name these. */
#define PROFILE_ENCODINGS(X)                                                                                 \
    X("gzip")                                                                                                \
    X("x-gzip")                                                                                              \
    X("deflate")

/* How far from the domain a redirect may lead. */
#define REDIRECT_REACHES(X)                                                                                  \
    X(REACH_HOST, "host")                                                                                    \
    X(REACH_REGISTRABLE_DOMAIN, "registrable-domain")                                                        \
    X(REACH_ANYWHERE, "anywhere")
enum redirect_reach { REDIRECT_REACHES(DCV_MEMBER) };

struct profile {
    const char *name; /* "DigiCert" */

    /* ---- DNS methods */
    const char *txt_label;           /* "_dnsauth" */
    const char *target_label;        /* "_dcv": label of the second name that may hold the CNAME to a listed target */
    const char *cname_base;          /* "dcv.digicert.com" */
    const char *value_prefix;        /* "_": may precede the value where the value is a label */
    const char *persist_label;       /* "_validation-persist": where dns-persist looks */
    struct dated_rows persist_hashed; /* a switch: yes while accounturi of dns-persist is a hash (persist.h) */
    const char *persist_prefix;      /* what stands before such a hash, a URI; "" where the CA takes none */
    struct dated_rows retired_cname; /* a switch: yes while the older form of a CNAME token is accepted */
    /* A switch: yes while only the CNAME record of the ordered name itself may lead to another authorization domain
     * name; not that of a wildcard name, nor that of a name above the ordered one (BR 3.2.2.4). */
    struct dated_rows own_cname_only;

    /* ---- file methods: the file */
    const char *file_dir;  /* "/.well-known/pki-validation/" */
    const char *file_name; /* "fileauth.txt" */
    const char *file_name_cased; /* "FileAuth.txt": how people write the name in other letter case */
    uint32_t file_bytes;   /* how much of a file is read: 5000 */

    /* ---- file methods: the CA's fetcher */
    struct user_agents agents;   /* "DigiCert DCV Bot/1.1" is the first */
    struct texts headers;        /* "Name: value": sent beside Host, User-Agent and Accept-Encoding */
    struct texts http_headers;   /* the same, but over http only */
    struct texts https_headers;  /* over https only */
    struct texts encodings;      /* of PROFILE_ENCODINGS: named in Accept-Encoding, and the body is decoded from them */
    uint32_t try_ms;             /* how long a name server may take to answer before it is asked again */
    uint32_t connect_ms;         /* time for the connection, TLS included */
    uint32_t read_ms;            /* time from the connection to the end of the response */
    struct statuses content;     /* the body of a response with one of these is the file */
    struct statuses redirect_statuses; /* statuses of redirects that the CA follows */
    uint32_t redirects;          /* how many redirects the CA follows: 5 */
    enum redirect_reach redirect_reach;
    struct file_ports redirect_ports; /* the ports to which a redirect may lead */

    /* ---- CAA */
    struct texts caa_identifiers;
    const char *caa_account;       /* the parameter tag that ties a CAA record to an account: "account" */
    struct method_labels caa_methods;
    struct label_pairs caa_equal;
    struct dated_rows caa_parameters; /* a switch: yes while CAs must heed accounturi and validationmethods */

    /* ---- times and numbers */
    struct quorum_rows quorum;
    struct dated_rows places;         /* how many remote perspectives the rules ask for (BR 3.2.2.9) */
    struct dated_rows places_bind;    /* a switch: yes while a check fails where they do not corroborate */
    struct dated_rows regions;        /* in how many regions of the world those that corroborate must lie */
    uint32_t random_days, token_days; /* lifetimes of a random value and of a request token */
    struct dated_rows reuse_days;     /* how long a validation may be reused (BR 4.2.1) */
    uint32_t persist_days;            /* the same for dns-persist (BR 3.2.2.4.22) */
    struct dated_rows certificate_days; /* the longest validity of a certificate (BR 6.3.2) */
    struct sunsets sunsets;           /* methods of validation that end (BR 3.2.2.4, 3.2.2.5) */
    struct poll_steps polling;

    /* ---- calls of the CA's API, such as "PUT domain/ID/check"; "" where it has no such call */
    const char *call_order;        /* places an order; with a request token it is issued at once */
    const char *call_domain_check; /* checks one domain */
    const char *call_order_check;  /* checks the names of an order */
    struct order_answers order_answers;
    const char *pending; /* the state of an order, and of a name in it, that is not validated */
};

const struct profile *profile_builtin(void);
/* Reads a profile from the text of an INI file with the keys of profile.def; a key that is missing keeps the built-in
 * value. 0, -ENOMEM, or -EINVAL with *line (from 1), *expected (static) and *key set, the last to NULL where the line
 * has no known key. Everything is in the arena. */
int profile_parse(struct arena *a, const char *text, size_t len, struct profile *ret, unsigned *line,
                  const char **key, const char **expected);

/* ---- reading the tables */
/* The row in force at now; NULL where the table is empty. */
const struct dated *dated_row(const struct dated_rows *rows, dcv_time now);
/* Its value; 0 where the table is empty. */
int dated_value(const struct dated_rows *rows, dcv_time now);
/* The last moment at which something of the time `at` may be used, where it may be as many days old as the rows say on
 * the day of its use. */
dcv_time dated_usable_until(const struct dated_rows *days, dcv_time at);
/* How many of the user agents are in use at now; they are the first ones of the table. */
size_t user_agents_at(const struct user_agents *u, dcv_time now);
/* True where the value of any row is not 0, as with a switch that is on at some time. */
bool dated_ever(const struct dated_rows *rows);
/* The day on which the value changes next after now, as YYYY-MM-DD; NULL where it does not, or the arena is full. */
const char *dated_until(struct arena *a, const struct dated_rows *rows, dcv_time now);
/* The day from which the value of now holds; NULL where that is the first row, which has no day, or the
 * arena is full. */
const char *dated_since(struct arena *a, const struct dated_rows *rows, dcv_time now);
/* Since when, and who says so, as it goes on in a sentence: " since 2026-11-15 (BR 3.2.2.4, ballot SC-101v2)". The
 * part that the row of now does not have is missing. */
const char *dated_words(struct arena *a, const struct dated_rows *rows, dcv_time now);
bool statuses_have(const struct statuses *s, int status);
bool file_ports_have(const struct file_ports *p, bool https, unsigned port);
/* Whether validation goes by these means ("email"): they are the first word of .means. */
bool sunset_by(const struct sunset *s, const char *means);
/* How many of n remote perspectives may fail to corroborate. */
uint32_t quorum_may_differ(const struct quorum_rows *rows, size_t n);
/* The label without the prefix that may stand before a value. */
const char *profile_bare_value(const struct profile *p, const char *label);

/* ---- the tables in words, for people; NULL where the arena is full */
const char *statuses_text(struct arena *a, const struct statuses *s);     /* "301, 302, 307 and 308" */
const char *file_ports_text(struct arena *a, const struct file_ports *p); /* "80 for http and 443 for https" */
const char *file_schemes_text(struct arena *a, const struct file_ports *p); /* "http and https" */

#endif
