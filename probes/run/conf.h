/* conf.h - the configuration of daemon and command: one INI file, and options of the command line that replace its
 * values.
 *
 * A struct conf belongs to its caller; its texts are in the arena that it was read into. It is complete before anything
 * starts and constant afterwards, so any thread may read it. One table (conf.c) holds every section, key, default and
 * range. Anything that cannot be read is an error that names file, line, key and what was expected: the daemon never
 * starts with half a configuration. Durations are milliseconds.
 *
 * Keys that a request may have, too (deadline, depth, account, …), are read by the rules of requests into .defaults. */
#ifndef DCV_CONF_H
#define DCV_CONF_H

#include "ca/profile.h"
#include "format/request.h"

#include <string.h>

#define CONF_FILE "/etc/dcvd/dcvd.conf"

/* Levels of the daemon's log: name in the configuration, priority in the journal (sd-daemon(3)). */
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

struct ids { /* ids of users or groups */
    uint32_t *v;
    size_t n;
};

struct conf {
    const char *file; /* the file that was read; NULL: only defaults */
    struct bytes text; /* what stands in it, for the sections that others read: [order] */

    const char *socket, *socket_group, *listen, *database;
    uint32_t socket_mode, loops;
    uint32_t log_level; /* enum log_level */
    uint32_t access_log; /* 0 or 1 */

    uint32_t in_flight, queue, per_server, fetches;
    uint64_t memory; /* bytes that all checks under way may take together */
    uint32_t resolver_mode; /* enum resolver_mode; if RESOLVER_RECURSIVE, .defaults.resolvers is "recursive" */
    const char *trust_anchor, *root_hints; /* files; see recursive_files.h */
    uint32_t timeout_ms, tries;
    const char *user_agent; /* NULL: the profile's */

    struct ids uids, gids;
    uint32_t requests_per_second, burst;

    struct auth_key *auth_keys;
    size_t n_auth_keys;

    uint32_t retention_days;
    uint64_t retention_size;

    const char *suffix_file; /* NULL: see suffix_file_use() */
    const char *profile_file;
    struct profile profile;
    struct request
        defaults; /* deadline, depth, resolvers, allow_net, accounts, targets; .profile is &conf.profile */
};

/* An option of the command line, which replaces the value in the file. Several for one key make a list. */
struct conf_option {
    const char *option, *section, *key, *value;
};

/* Reads path (NULL: CONF_FILE, which need not exist), then options. 0; or -EINVAL or another negative errno, with one
 * line for the operator in *why. */
int conf_load(struct arena *a, const char *path, const struct conf_option *options, size_t n,
              struct conf *ret, const char **why);
/* The same for a text; file is its name in messages. */
int conf_parse(struct arena *a, const char *file, const char *text, size_t len, struct conf *ret,
               const char **why);

/* Reads the files of [auth_keys]. They must be regular files that other users cannot read: a key that anyone can read
 * proves nothing. */
int conf_load_keys(struct arena *a, struct conf *c, const char **why);
/* One of them. *why: without the name of its file. */
int conf_load_key(struct arena *a, struct auth_key *k, const char **why);
/* The key of that name, or NULL. Inline, because the pure part of the daemon uses it, too. */
static inline const struct auth_key *conf_auth_key(const struct conf *c, const char *name)
{
    for (size_t i = 0; i < c->n_auth_keys; i++)
        if (!strcmp(c->auth_keys[i].name, name))
            return &c->auth_keys[i];
    return NULL;
}

#endif
