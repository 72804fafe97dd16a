#include "run/conf.h"

#include "base/cidr.h"
#include "ca/order_conf.h"
#include "ca/token.h"
#include "observe/recursive_files.h"
#include "run/whole_file.h"
#include "wire/name.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ini.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MOST = 1 << 20, KEY_FILE_MOST = 1 << 16, KEY_NAME_MOST = 64 };

enum kind {
    KIND_TEXT,    /* one word */
    KIND_PATH,    /* absolute */
    KIND_LISTEN,  /* a loopback address and a port */
    KIND_NUMBER,  /* uint32_t */
    KIND_SECONDS, /* uint32_t milliseconds; min and max too */
    KIND_SIZE,    /* uint64_t bytes, with K, M, G or T */
    KIND_OCTAL,   /* uint32_t */
    KIND_LEVEL,   /* uint32_t, an enum log_level */
    KIND_MODE,    /* uint32_t, an enum resolver_mode */
    KIND_SWITCH,  /* uint32_t, 0 or 1 */
    KIND_USERS,   /* struct ids */
    KIND_GROUPS,
    KIND_FIELD, /* a field of the request, read by its rules */
    KIND_FIELDS /* a list of such values; .at is a struct texts */
};

static const struct key {
    const char *section, *name;
    enum kind kind;
    size_t at;
    uint64_t min, max;
    const char *value; /* the default; NULL: unset */
    const char *field; /* name of the field of the request */
} keys[] = {
#define AT(member) offsetof(struct conf, member)
    {"daemon", "socket", KIND_PATH, AT(socket), 0, 0, "/run/dcvd/dcvd.sock", NULL},
    {"daemon", "socket_mode", KIND_OCTAL, AT(socket_mode), 0600, 0777, "0660", NULL},
    {"daemon", "socket_group", KIND_TEXT, AT(socket_group), 0, 0, NULL, NULL},
    {"daemon", "listen", KIND_LISTEN, AT(listen), 0, 0, NULL, NULL},
    {"daemon", "database", KIND_PATH, AT(database), 0, 0, "/var/lib/dcvd/dcvd.db", NULL},
    {"daemon", "loops", KIND_NUMBER, AT(loops), 1, 16, "1", NULL},
    {"daemon", "log_level", KIND_LEVEL, AT(log_level), 0, 0, "info", NULL},
    {"daemon", "access_log", KIND_SWITCH, AT(access_log), 0, 0, "yes", NULL},
    {"checks", "in_flight", KIND_NUMBER, AT(in_flight), 1, 100000, "1000", NULL},
    {"checks", "queue", KIND_NUMBER, AT(queue), 0, 10000000, "100000", NULL},
    {"checks", "deadline", KIND_FIELD, 0, 0, 0, "30", "deadline"},
    {"checks", "depth", KIND_FIELD, 0, 0, 0, "full", "depth"},
    {"checks", "per_server", KIND_NUMBER, AT(per_server), 1, 100000, "100", NULL},
    {"checks", "memory", KIND_SIZE, AT(memory), 16 << 20, UINT64_C(1) << 40, "512M", NULL},
    {"checks", "fetches", KIND_NUMBER, AT(fetches), 1, 10000, "256", NULL},
    {"resolver", "servers", KIND_FIELDS, AT(defaults.resolvers), 0, 0, NULL, "resolver"},
    {"resolver", "perspectives", KIND_FIELDS, AT(defaults.perspectives), 0, 0, NULL, "perspective"},
    {"resolver", "mode", KIND_MODE, AT(resolver_mode), 0, 0, "forward", NULL},
    {"resolver", "trust_anchor", KIND_PATH, AT(trust_anchor), 0, 0, RECURSIVE_ANCHOR, NULL},
    {"resolver", "root_hints", KIND_PATH, AT(root_hints), 0, 0, NULL, NULL},
    {"resolver", "timeout", KIND_SECONDS, AT(timeout_ms), 10, 60000, "2", NULL},
    {"resolver", "tries", KIND_NUMBER, AT(tries), 1, 10, "3", NULL},
    {"fetch", "allow_net", KIND_FIELDS, AT(defaults.allow_net), 0, 0, NULL, "allow_net"},
    {"fetch", "user_agent", KIND_TEXT, AT(user_agent), 0, 0, NULL, NULL},
    {"access", "uids", KIND_USERS, AT(uids), 0, 0, NULL, NULL},
    {"access", "gids", KIND_GROUPS, AT(gids), 0, 0, NULL, NULL},
    {"access", "requests_per_second", KIND_NUMBER, AT(requests_per_second), 0, 1000000, "1000", NULL},
    {"access", "burst", KIND_NUMBER, AT(burst), 1, 10000000, "2000", NULL},
    {"retention", "days", KIND_NUMBER, AT(retention_days), 1, 36500, "90", NULL},
    {"retention", "max_size", KIND_SIZE, AT(retention_size), 16 << 20, UINT64_C(1) << 50, "4G", NULL},
    {"names", "public_suffix_list", KIND_PATH, AT(suffix_file), 0, 0, NULL, NULL},
    {"ca", "profile", KIND_PATH, AT(profile_file), 0, 0, NULL, NULL},
    {"ca", "account", KIND_FIELD, 0, 0, 0, NULL, "caa_account"},
    {"ca", "account_uri", KIND_FIELD, 0, 0, 0, NULL, "account_uri"},
    {"targets", "allow", KIND_FIELDS, AT(defaults.allow_targets), 0, 0, NULL, "allow_target"},
    {"targets", "validated", KIND_FIELDS, AT(defaults.validated_targets), 0, 0, NULL, "validated_target"},
#undef AT
};
enum { KEY_COUNT = sizeof keys / sizeof *keys };
#define AUTH_KEYS "auth_keys" /* its keys are names that the operator chose */
#define ORDER "order" /* read by dcvprobe preflight */

static const char *const level_names[] = {
#define X(sym, text, priority) text,
    LOG_LEVELS(X)
#undef X
};
static const char *const mode_names[] = {
#define X(sym, text) text,
    RESOLVER_MODES(X)
#undef X
};

static const char *const switch_names[] = {"no", "yes"};

struct conf_reading {
    struct arena *a;
    struct conf *conf;
    const char *file;
    const char *at, *end; /* what is left of the text */
    unsigned line;
    unsigned given[KEY_COUNT]; /* the line of each key; 0: not given */
    const char *why;
};

/* ---------------------------------------------------------------- values ----------------------------- */

static bool read_number(const char *s, int base, uint64_t *ret)
{
    if (!isdigit((unsigned char)*s))
        return false;
    char *end;
    errno = 0;
    unsigned long long v = strtoull(s, &end, base);
    if (errno || *end)
        return false;
    *ret = v;
    return true;
}

static bool read_size(const char *s, uint64_t *ret)
{
    char digits[24];
    size_t n = strspn(s, "0123456789");
    if (!n || n >= sizeof digits)
        return false;
    memcpy(digits, s, n);
    digits[n] = 0;
    uint64_t v;
    if (!read_number(digits, 10, &v))
        return false;
    static const char units[] = "KMGT";
    unsigned shift = 0;
    if (s[n]) {
        const char *u = strchr(units, s[n]);
        if (!u || s[n + 1])
            return false;
        shift = 10 * (unsigned)(u - units + 1);
    }
    if (v > UINT64_MAX >> shift)
        return false;
    *ret = v << shift;
    return true;
}

static bool read_choice(const char *s, const char *const *names, size_t n, uint32_t *ret)
{
    for (uint32_t i = 0; i < n; i++)
        if (!strcmp(s, names[i])) {
            *ret = i;
            return true;
        }
    return false;
}

static const char *choices(struct arena *a, const char *const *names, size_t n)
{
    const char *s = names[0];
    for (size_t i = 1; i < n && s; i++)
        s = arena_printf(a, "%s%s%s", s, i + 1 < n ? ", " : " or ", names[i]);
    return s;
}

static bool read_loopback(const char *s)
{
    const char *colon = strrchr(s, ':');
    uint64_t port;
    if (!colon || !read_number(colon + 1, 10, &port) || port < 1 || port > 65535)
        return false;
    char address[64];
    size_t n = (size_t)(colon - s);
    if (*s == '[') {
        if (n < 2 || s[n - 1] != ']')
            return false;
        s++;
        n -= 2;
    }
    if (n >= sizeof address)
        return false;
    memcpy(address, s, n);
    address[n] = 0;
    struct cidr c, v4, v6;
    return cidr_parse("127.0.0.0/8", &v4) && cidr_parse("::1", &v6) && !strchr(address, '/') &&
           cidr_parse(address, &c) && (cidr_within(&c, &v4) || cidr_within(&c, &v6));
}

static bool read_id(const char *s, bool user, uint32_t *ret)
{
    uint64_t n;
    if (read_number(s, 10, &n)) {
        *ret = (uint32_t)n;
        return n < UINT32_MAX; /* (uid_t)-1 is not an id */
    }
    if (user) {
        const struct passwd *pw = getpwnam(s);
        if (pw)
            *ret = pw->pw_uid;
        return pw;
    }
    const struct group *gr = getgrnam(s);
    if (gr)
        *ret = gr->gr_gid;
    return gr;
}

/* Calls one() for each word of value; blanks and commas separate words. Returns as set(). */
static const char *each(struct conf_reading *r, const struct key *k, const char *value,
                        const char *(*one)(struct conf_reading *r, const struct key *k, const char *word))
{
    const char *wrong = NULL;
    while (!wrong) {
        value += strspn(value, " \t,");
        size_t n = strcspn(value, " \t,");
        if (!n)
            break;
        const char *word = arena_strndup(r->a, value, n);
        wrong = word ? one(r, k, word) : OUT_OF_MEMORY;
        value += n;
    }
    return wrong;
}

static const char *set_id(struct conf_reading *r, const struct key *k, const char *word)
{
    bool user = k->kind == KIND_USERS;
    struct ids *ids = (struct ids *)((char *)r->conf + k->at);
    uint32_t id;
    if (!read_id(word, user, &id))
        return user ? "users of this system, by name or number" : "groups of this system, by name or number";
    uint32_t *v = arena_grow(r->a, ids->v, ids->n, sizeof *v);
    if (!v)
        return OUT_OF_MEMORY;
    ids->v = v;
    v[ids->n++] = id;
    return NULL;
}

static const char *set_field(struct conf_reading *r, const struct key *k, const char *word)
{
    struct input_error err = {0};
    const struct request_field *f = request_field_find(k->field);
    int rc = request_set(r->a, &r->conf->defaults, f, word, strlen(word), &err);
    return !rc ? NULL : rc == -EINVAL ? err.expected : OUT_OF_MEMORY;
}

/* Sets the value of a key. NULL, or what was expected instead; where the arena is full, any text. */
static const char *set(struct conf_reading *r, const struct key *k, const char *value)
{
    void *place = (char *)r->conf + k->at;
    uint64_t v = 0;
    switch (k->kind) {
    case KIND_PATH:
        if (*value != '/')
            return "an absolute path";
        *(const char **)place = arena_strdup(r->a, value);
        return NULL;
    case KIND_TEXT:
        if (!*value)
            return "a text";
        *(const char **)place = arena_strdup(r->a, value);
        return NULL;
    case KIND_LISTEN:
        if (!read_loopback(value))
            return "a loopback address and a port from 1 to 65535: 127.0.0.1:PORT or [::1]:PORT";
        *(const char **)place = arena_strdup(r->a, value);
        return NULL;
    case KIND_NUMBER:
        if (!read_number(value, 10, &v) || v < k->min || v > k->max)
            return arena_printf(r->a, "a whole number from %" PRIu64 " to %" PRIu64, k->min, k->max);
        *(uint32_t *)place = (uint32_t)v;
        return NULL;
    case KIND_SECONDS:
        if (!seconds_parse(value, &v) || v < k->min || v > k->max)
            return arena_printf(r->a, "seconds from %g to %g", (double)k->min / 1000, (double)k->max / 1000);
        *(uint32_t *)place = (uint32_t)v;
        return NULL;
    case KIND_SIZE:
        if (!read_size(value, &v) || v < k->min || v > k->max)
            return arena_printf(r->a, "a size from %" PRIu64 "M to %" PRIu64 "T, written with K, M, G or T",
                                k->min >> 20, k->max >> 40);
        *(uint64_t *)place = v;
        return NULL;
    case KIND_OCTAL:
        if (!read_number(value, 8, &v) || v < k->min || v > k->max)
            return arena_printf(r->a, "an octal mode from %04o to %04o", (unsigned)k->min, (unsigned)k->max);
        *(uint32_t *)place = (uint32_t)v;
        return NULL;
    case KIND_LEVEL:
        if (!read_choice(value, level_names, sizeof level_names / sizeof *level_names, place))
            return choices(r->a, level_names, sizeof level_names / sizeof *level_names);
        return NULL;
    case KIND_MODE:
        if (!read_choice(value, mode_names, sizeof mode_names / sizeof *mode_names, place))
            return choices(r->a, mode_names, sizeof mode_names / sizeof *mode_names);
        return NULL;
    case KIND_SWITCH:
        if (!read_choice(value, switch_names, 2, place))
            return "yes or no";
        return NULL;
    case KIND_USERS:
    case KIND_GROUPS:
        return each(r, k, value, set_id);
    case KIND_FIELD:
        return set_field(r, k, value);
    case KIND_FIELDS:
        return each(r, k, value, set_field);
    }
    return "a value";
}

static bool is_list(enum kind kind)
{
    return kind == KIND_USERS || kind == KIND_GROUPS || kind == KIND_FIELDS;
}

/* ---------------------------------------------------------------- the file --------------------------- */

static int refuse(struct conf_reading *r, const char *text)
{
    /* Only the first error is reported: later ones may follow from it. */
    if (!r->why)
        r->why = text ? arena_printf(r->a, "%s:%u: %s", r->file, r->line, text) : NULL;
    return 0;
}

static const char *known_names(struct arena *a, const char *section)
{
    const char *s = "", *last = "";
    for (size_t i = 0; i < KEY_COUNT && s; i++) {
        if (section && strcmp(keys[i].section, section))
            continue;
        const char *word = section ? keys[i].name : keys[i].section;
        if (strcmp(word, last))
            s = arena_printf(a, "%s%s%s", s, *s ? ", " : "", word);
        last = word;
    }
    return section || !s ? s : arena_printf(a, "%s, " AUTH_KEYS ", " ORDER, s);
}

static int add_auth_key(struct conf_reading *r, const char *name, const char *file)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    struct conf *c = r->conf;
    size_t n = strlen(name);
    if (n > KEY_NAME_MOST || name[strspn(name, allowed)])
        return refuse(r, arena_printf(r->a,
                                      "[" AUTH_KEYS
                                      "] '%s': expected a name of 1 to %d characters of A-Z a-z 0-9 . _ -",
                                      text_escape(r->a, name, n, 80), KEY_NAME_MOST));
    if (*file != '/')
        return refuse(r, arena_printf(r->a,
                                      "[" AUTH_KEYS
                                      "] %s: '%s': expected the absolute path of a file that holds the key",
                                      name, text_escape(r->a, file, strlen(file), 80)));
    if (conf_auth_key(c, name))
        return refuse(r, arena_printf(r->a, "[" AUTH_KEYS "] %s: named twice", name));
    struct auth_key *v = arena_array(r->a, c->n_auth_keys + 1, sizeof *v);
    if (!v)
        return refuse(r, NULL);
    if (c->n_auth_keys)
        memcpy(v, c->auth_keys, c->n_auth_keys * sizeof *v);
    v[c->n_auth_keys] = (struct auth_key){.name = arena_strdup(r->a, name), .file = arena_strdup(r->a, file)};
    c->auth_keys = v;
    c->n_auth_keys++;
    return 1;
}

static const struct key *find_key(const char *section, const char *name, bool *section_known)
{
    *section_known = false;
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (!strcmp(keys[i].section, section)) {
            *section_known = true;
            if (!strcmp(keys[i].name, name))
                return &keys[i];
        }
    return NULL;
}

static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    struct conf_reading *r = user;
    if (!strcmp(section, AUTH_KEYS))
        return add_auth_key(r, name, value);
    if (!strcmp(section, ORDER))
        return 1; /* read_order() */

    bool section_known;
    const struct key *k = find_key(section, name, &section_known);
    const char *shown = text_escape(r->a, name, strlen(name), 60);
    if (!section_known)
        return refuse(r, *section ? arena_printf(r->a, "unknown section [%s]; there are %s",
                                                 text_escape(r->a, section, strlen(section), 60),
                                                 known_names(r->a, NULL))
                                  : arena_printf(r->a, "key '%s' stands before any section", shown));
    if (!k)
        return refuse(r, arena_printf(r->a, "unknown key '%s' in [%s]; it has %s", shown, section,
                                      known_names(r->a, section)));

    size_t i = (size_t)(k - keys);
    if (r->given[i] && !is_list(k->kind))
        return refuse(r, arena_printf(r->a, "[%s] %s: given again; line %u has it already", section, name,
                                      r->given[i]));
    r->given[i] = r->line;
    const char *expected = set(r, k, value);
    return expected ? refuse(r, arena_printf(r->a, "[%s] %s: '%s': expected %s", section, name,
                                             text_escape(r->a, value, strlen(value), 120), expected))
                    : 1;
}

/* Gives inih one line. inih does not tell its handler the line number, so it is counted here. */
static char *next_line(char *room, int size, void *user)
{
    struct conf_reading *r = user;
    if (r->at >= r->end || r->why)
        return NULL;
    r->line++;
    const char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
    size_t n = (size_t)((nl ? nl + 1 : r->end) - r->at);
    if (n >= (size_t)size) {
        refuse(r, arena_printf(r->a, "a line of %zu characters; expected %d at most", n, size - 1));
        return NULL;
    }
    if (memchr(r->at, 0, n)) {
        refuse(r, "a NUL byte; expected text");
        return NULL;
    }
    memcpy(room, r->at, n);
    room[n] = 0;
    r->at += n;
    return room;
}

static int set_defaults(struct conf_reading *r)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (keys[i].value && set(r, &keys[i], keys[i].value))
            return -ENOMEM; /* not a bad default: test_conf checks the defaults */
    return 0;
}

/* dcvprobe preflight alone uses this section, but what is wrong in it is wrong for everybody. */
static int read_order(struct conf_reading *r, const char *text, size_t len)
{
    struct order order = {0};
    const char *wrong;
    int rc = order_conf_read(r->a, text, len, &order, &wrong);
    if (rc == -EINVAL)
        r->why = arena_printf(r->a, "%s: [" ORDER "] %s", r->file, wrong);
    return rc;
}

int conf_parse(struct arena *a, const char *file, const char *text, size_t len, struct conf *ret,
               const char **why)
{
    *ret = (struct conf){.file = file, .text = {(const uint8_t *)text, len}, .profile = *profile_builtin()};
    request_init(&ret->defaults, NULL, TIME_UNKNOWN);
    ret->defaults.profile = &ret->profile;
    struct conf_reading r = {.a = a, .conf = ret, .file = file, .at = text, .end = text + len};
    *why = OUT_OF_MEMORY;
    int rc = set_defaults(&r);
    if (rc)
        return rc;
    int bad = ini_parse_stream(next_line, &r, on_pair, &r);
    if (bad && !r.why && !arena_full(a)) {
        r.line = (unsigned)bad;
        refuse(&r, "expected [section], key = value or a comment");
    }
    if (!r.why && read_order(&r, text, len) == -ENOMEM)
        return -ENOMEM;
    if (arena_full(a))
        return -ENOMEM;
    *why = r.why;
    return r.why ? -EINVAL : 0;
}

static int set_options(struct arena *a, const struct conf_option *options, size_t n, struct conf *c,
                       const char **why)
{
    struct conf_reading r = {.a = a, .conf = c};
    for (size_t i = 0; i < n; i++) {
        const struct conf_option *o = &options[i];
        bool section_known;
        const struct key *k = find_key(o->section, o->key, &section_known);
        if (is_list(k->kind) && !r.given[k - keys]++) {
            struct texts *list = (struct texts *)((char *)c + k->at);
            list->n = 0;
            if (list == &c->defaults.resolvers) /* --resolver also decides the mode */
                c->resolver_mode = RESOLVER_FORWARD;
        }
        const char *expected = set(&r, k, o->value);
        if (arena_full(a))
            return -ENOMEM;
        if (expected) {
            *why = arena_printf(a, "%s: '%s': expected %s", o->option,
                                text_escape(a, o->value, strlen(o->value), 120), expected);
            return *why ? -EINVAL : -ENOMEM;
        }
    }
    return 0;
}

static int read_file(struct arena *a, const char *path, struct bytes *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    int rc = whole_file_read(a, fd, FILE_MOST, ret);
    close(fd);
    return rc;
}

/* [fetch] user_agent stands for all user agents of the profile. */
static void settle_agent(struct conf *c)
{
    if (c->user_agent)
        c->profile.agents = (struct user_agents){{{TIME_UNKNOWN, c->user_agent, NULL}}, 1};
}

static int load_profile(struct arena *a, struct conf *c, const char **why)
{
    if (!c->profile_file)
        return 0;
    struct bytes text;
    unsigned line;
    const char *key, *expected;
    int rc = read_file(a, c->profile_file, &text);
    if (rc) {
        *why = arena_printf(a, "[ca] profile: %s: %s", c->profile_file, strerror(-rc));
        return rc;
    }
    rc = profile_parse(a, (const char *)text.p, text.n, &c->profile, &line, &key, &expected);
    if (rc == -EINVAL)
        *why = arena_printf(a, "%s:%u: %s%sexpected %s", c->profile_file, line, key ? key : "", key ? ": " : "",
                            expected);
    return rc;
}

/* Makes mode = recursive and servers = recursive the same, and checks the files that this mode needs. */
static int settle_resolver(struct arena *a, struct conf *c, const char **why)
{
    struct texts *servers = &c->defaults.resolvers;
    struct texts anchors = {0};
    struct recursive_fault fault;
    if (resolvers_recursive(servers))
        c->resolver_mode = RESOLVER_RECURSIVE;
    if (c->resolver_mode == RESOLVER_FORWARD)
        return 0;
    if (servers->n && !resolvers_recursive(servers)) {
        *why = arena_printf(
            a, "%s: [resolver] servers: mode = recursive uses no servers; expected only one of the two",
            c->file);
        return *why ? -EINVAL : -ENOMEM;
    }
    if (!servers->n && !texts_add(a, servers, RESOLVER_RECURSIVE_TEXT))
        return -ENOMEM;
    int rc = recursive_files(a, c->trust_anchor, c->root_hints, &anchors, &fault);
    if (rc)
        *why = rc == -ENOMEM
                   ? OUT_OF_MEMORY
                   : arena_printf(a, "[resolver] %s: %s: %s", fault.hints ? "root_hints" : "trust_anchor",
                                  fault.file, fault.why);
    return rc;
}

int conf_load(struct arena *a, const char *path, const struct conf_option *options, size_t n,
              struct conf *ret, const char **why)
{
    *why = OUT_OF_MEMORY;
    struct bytes text = {(const uint8_t *)"", 0};
    const char *file = path ? path : CONF_FILE;
    int rc = read_file(a, file, &text);
    if (rc == -ENOENT && !path) {
        file = NULL;
    } else if (rc) {
        *why = arena_printf(a, "%s: %s", file, strerror(-rc));
        return rc;
    }
    rc = conf_parse(a, file, (const char *)text.p, text.n, ret, why);
    if (!rc)
        rc = set_options(a, options, n, ret, why);
    if (!rc)
        rc = settle_resolver(a, ret, why);
    if (!rc)
        rc = load_profile(a, ret, why);
    settle_agent(ret);
    return rc;
}

/* ---------------------------------------------------------------- keys ------------------------------- */

static const char *read_key(struct arena *a, struct auth_key *k, int *rc)
{
    struct stat st;
    int fd = open(k->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st)) {
        *rc = -errno;
        if (fd >= 0)
            close(fd);
        return strerror(-*rc);
    }
    const char *wrong = NULL;
    *rc = -EINVAL;
    if (!S_ISREG(st.st_mode)) {
        wrong = "not a regular file";
    } else if (st.st_mode & (S_IWGRP | S_IRWXO)) {
        wrong = arena_printf(
            a, "mode %04o is open to other users; expected 0600, or 0640 with a group for the daemon only",
            (unsigned)(st.st_mode & 07777));
    } else {
        *rc = whole_file_read(a, fd, KEY_FILE_MOST, &k->key);
        if (*rc) {
            wrong = *rc == -EFBIG ? "too long for a key" : strerror(-*rc);
        } else {
            k->key = token_key_trim(k->key);
            if (!k->key.n) {
                *rc = -EINVAL;
                wrong = "empty; expected the key";
            }
        }
    }
    close(fd);
    return wrong;
}

int conf_load_key(struct arena *a, struct auth_key *k, const char **why)
{
    int rc = 0;
    *why = read_key(a, k, &rc);
    return *why ? rc : 0;
}

int conf_load_keys(struct arena *a, struct conf *c, const char **why)
{
    for (size_t i = 0; i < c->n_auth_keys; i++) {
        const char *wrong;
        int rc = conf_load_key(a, &c->auth_keys[i], &wrong);
        if (rc) {
            *why = arena_printf(a, "[" AUTH_KEYS "] %s: %s: %s", c->auth_keys[i].name, c->auth_keys[i].file,
                                wrong);
            return rc;
        }
    }
    return 0;
}
