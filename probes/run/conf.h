/* conf.h - the configuration of daemon and command: one INI file, and the command line's options over it.
 *
 * Read whole before anything starts, constant afterwards; every text is in the arena that it was read into.
 * One table (conf.c) holds every section, key, default and range. Anything that is not understood is an error
 * that names file, line, key and what was expected: a daemon never starts on half a configuration. Durations
 * are milliseconds.
 *
 * Keys that a request may carry too (deadline, depth, account, …) are read by the request's own rules and
 * stand in .defaults. */
#ifndef DCV_CONF_H
#define DCV_CONF_H

#include "ca/profile.h"
#include "format/request.h"

#include <string.h>

#define CONF_FILE "/etc/dcvd/dcvd.conf"

/* Of the daemon's log: level, name in the configuration, the journal's priority (sd-daemon(3)). */
#define LOG_LEVELS(X)                                                                                        \
    X(LEVEL_ERROR, "error", 3)                                                                               \
    X(LEVEL_WARNING, "warning", 4)                                                                           \
    X(LEVEL_NOTICE, "notice", 5)                                                                             \
    X(LEVEL_INFO, "info", 6)                                                                                 \
    X(LEVEL_DEBUG, "debug", 7)
enum log_level {
#define X(sym, text, priority) sym,
    LOG_LEVELS(X)
#undef X
};

#define RESOLVER_MODES(X)                                                                                    \
    X(RESOLVER_FORWARD, "forward")                                                                           \
    X(RESOLVER_RECURSIVE, "recursive")
enum resolver_mode { RESOLVER_MODES(DCV_MEMBER) };

struct auth_key {
    const char *name, *file;
    struct bytes key; /* secret; empty until conf_load_keys() */
};

struct ids { /* of users or groups */
    uint32_t *v;
    size_t n;
};

struct conf {
    const char *file; /* what was read; NULL: nothing but defaults */

    const char *socket, *socket_group, *listen, *database;
    uint32_t socket_mode, loops;
    uint32_t log_level; /* enum log_level */

    uint32_t in_flight, queue, per_server, fetches;
    uint32_t resolver_mode; /* enum resolver_mode; RESOLVER_RECURSIVE: .defaults.resolvers says so, too */
    const char *trust_anchor, *root_hints; /* files; see recursive.h */
    uint32_t timeout_ms, tries;
    const char *user_agent;

    struct ids uids, gids;
    uint32_t requests_per_second, burst;

    struct auth_key *auth_keys;
    size_t n_auth_keys;

    uint32_t retention_days;
    uint64_t retention_size;

    const char *profile_file;
    struct profile profile;
    struct request
        defaults; /* deadline, depth, resolvers, allow_net, accounts, targets; .profile is this one's */
};

/* A setting of the command line: it takes the place of the file's. Several of one key make up a list. */
struct conf_option {
    const char *option, *section, *key, *value;
};

/* Reads path (NULL: CONF_FILE, which need not exist), then options. 0; -EINVAL with *why set to one line for
 * the operator; another negative errno with *why set. */
int conf_load(struct arena *a, const char *path, const struct conf_option *options, size_t n,
              struct conf *ret, const char **why);
/* The same from text; file names it in messages. */
int conf_parse(struct arena *a, const char *file, const char *text, size_t len, struct conf *ret,
               const char **why);

/* Reads the files of [auth_keys]. They must be regular, and closed to others: a key that anyone can read
 * proves nothing. */
int conf_load_keys(struct arena *a, struct conf *c, const char **why);
/* The key of that name, or NULL. Here, for the pure part of the daemon looks keys up, too. */
static inline const struct auth_key *conf_auth_key(const struct conf *c, const char *name)
{
    for (size_t i = 0; i < c->n_auth_keys; i++)
        if (!strcmp(c->auth_keys[i].name, name))
            return &c->auth_keys[i];
    return NULL;
}

/* For one that is to take the place of old while the daemon runs: puts what can only change with a restart back
 * to what it is in old. *ret: these keys of [daemon], "" where none differs. 0 or -ENOMEM. */
int conf_reload(struct arena *a, struct conf *c, const struct conf *old, const char **ret);


#endif
