/* dcvd.c - the daemon: options, start, signals, end.
 *
 * It starts with its configuration, sockets, store and network, and tells the service manager when it serves. SIGTERM
 * and SIGINT end it, part by part, each once the one before has nothing under way any more: the front takes nothing new
 * in -> the scheduler lets checks end -> the front answers all calls that still wait -> server -> network -> writer ->
 * exit. */
#include "as_user.h"
#include "base/clock.h"
#include "base/systemd.h"
#include "front/front.h"
#include "observe/slice.h"
#include "reload.h"
#include "run/suffix_file.h"
#include "wire/suffixes.h"
#include "work/check_log.h"
#include "work/retention.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { GRACE_MS = 5000, OPTIONS_MOST = 64 };
/* EXIT_STORE: the file is not one that this version can use, which no restart changes (RestartPreventExitStatus= of the
 * unit names it). */
enum { EXIT_BROKEN = 1, EXIT_USAGE = 2, EXIT_STORE = 3 };

struct dcvd {
    uv_loop_t uv;
    struct arena *arena; /* of what the command line says */
    struct conf_source source;
    const struct conf *conf; /* in force: generations_conf() */
    struct listeners listeners;
    struct writer *writer;
    struct shards *shards;
    struct generations *generations;
    struct scheduler *scheduler;
    struct batches *batches;
    struct readers *readers;
    struct peers *peers;
    struct events events;
    struct watches *watches;
    struct front *front;
    struct server *server;
    uv_signal_t term, interrupt, hangup;
    struct reload reload;
    struct systemd_watchdog watchdog;
    struct retention retention;
    struct loop_lag lag;
    bool stopping;
    int status; /* with which it ends where it cannot start */
};

/* ---------------------------------------------------------------- the end ---------------------------- */

static void on_writer_closed(void *user)
{
    struct dcvd *d = user;
    uv_close((uv_handle_t *)&d->term, NULL);
    uv_close((uv_handle_t *)&d->interrupt, NULL);
    uv_close((uv_handle_t *)&d->hangup, NULL);
    systemd_watchdog_close(&d->watchdog);
    loop_lag_close(&d->lag);
}

static void on_shards_closed(void *user)
{
    struct dcvd *d = user;
    events_stop(&d->events);
    writer_stop(d->writer, on_writer_closed, d);
}

static void on_generations_closed(void *user)
{
    struct dcvd *d = user;
    shards_close(d->shards, on_shards_closed, d);
}

static void on_server_closed(void *user)
{
    struct dcvd *d = user;
    listeners_close(&d->listeners);
    generations_close(d->generations, on_generations_closed, d);
}

static void on_front_closed(void *user)
{
    struct dcvd *d = user;
    server_close(d->server, on_server_closed, d);
}

static void on_scheduler_stopped(void *user)
{
    struct dcvd *d = user;
    front_close(d->front, on_front_closed, d);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct dcvd *d = signal->data;
    if (d->stopping)
        return;
    d->stopping = true;
    log_notice("%s: ending", number == SIGTERM ? "SIGTERM" : "SIGINT");
    systemd_notify("STOPPING=1");
    reload_stop(&d->reload);
    server_stop_accepting(d->server);
    retention_close(&d->retention);
    batches_stop(d->batches);
    watches_stop(d->watches);
    front_stop(d->front);
    scheduler_stop(d->scheduler, GRACE_MS, on_scheduler_stopped, d);
}

static void on_hangup(uv_signal_t *signal, int number)
{
    (void)number;
    struct dcvd *d = signal->data;
    log_notice("SIGHUP: reading the configuration again");
    reload_start(&d->reload);
}

static void deinit(struct dcvd *d)
{
    front_free(d->front);
    batches_free(d->batches);
    scheduler_free(d->scheduler);
    watches_free(d->watches);
    events_free(&d->events);
    readers_free(d->readers);
    peers_free(d->peers);
    generations_free(d->generations);
    uv_loop_close(&d->uv);
}

/* ---------------------------------------------------------------- the start -------------------------- */

/* Each check, web fetch and connection takes descriptors. */
static void raise_limits(void)
{
    struct rlimit r;
    if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static void on_opened(void *user, int error, const char *why)
{
    struct dcvd *d = user;
    if (error)
        log_error("the network side of the checks cannot be started: %s", why);
    else
        d->conf = generations_conf(d->generations);
}

/* a: conf's arena, which it takes over. */
static int start_net(struct dcvd *d, struct arena *a, const struct conf *conf)
{
    int rc = shards_new(&d->uv, &d->lag, conf->loops, &d->shards);
    if (!rc)
        rc = generations_new(&d->uv, d->shards, &d->generations);
    if (!rc)
        rc = generations_open(d->generations, a, conf, on_opened, d);
    if (rc) {
        log_error("dcvd cannot start: %s", strerror(-rc));
        arena_free(a);
        return rc;
    }
    while (generations_opening(d->generations))
        uv_run(&d->uv, UV_RUN_ONCE);
    return d->conf ? 0 : -EIO;
}

static int start_store(struct dcvd *d)
{
    const char *path = d->conf->database;
    char why[DB_ERROR_TEXT];
    struct db *db;
    int64_t last;
    int rc = db_open(path, DB_WRITE, &db, why);
    if (rc) {
        log_error("%s", why);
        if (rc == -EPROTO || rc == -EMEDIUMTYPE || rc == -EILSEQ)
            d->status = EXIT_STORE;
        return rc;
    }
    rc = db_last_id(db, &last);
    if (!rc)
        rc = db_batches_abandon(db);
    if (rc) {
        log_error("%s: %s", path, db_error(db));
        db_close(db);
        return rc;
    }
    db_id_seed(last);
    db_wal_most(db, retention_wal(d->conf));
    rc = writer_start(&d->uv, db, SLICE_NS, &d->writer);
    if (rc) {
        log_error("the writing thread cannot be started: %s", strerror(-rc));
        db_close(db);
    }
    return rc;
}

/* By a connection of its own: the other one belongs to the writing thread by now. */
static int resume(struct dcvd *d)
{
    char why[DB_ERROR_TEXT];
    struct db *db;
    int rc = db_open(d->conf->database, DB_READ, &db, why);
    if (rc) {
        log_error("%s", why);
        return rc;
    }
    rc = events_start(&d->events, d->writer, db);
    if (rc)
        log_error("the events cannot be read from the store: %s", db_error(db));
    else if ((rc = watches_resume(d->watches, db)))
        log_error("the watches cannot be read from the store: %s", db_error(db));
    else if ((rc = scheduler_resume(d->scheduler, db)) || (rc = batches_resume(d->batches, db)))
        log_error("the unfinished checks cannot be read from the store: %s", db_error(db));
    db_close(db);
    return rc;
}

static void on_news(void *user, const struct scheduler_news *news)
{
    struct dcvd *d = user;
    check_log(news);
    events_check(&d->events, news, clock_now());
    watches_hear(d->watches, news);
}

static int start_parts(struct dcvd *d)
{
    int rc = start_store(d);
    if (rc)
        return rc;
    if ((rc = readers_new(&d->uv, d->conf->database, &d->readers)) ||
        (rc = scheduler_new(&d->uv, d->generations, d->writer, d->readers, &d->scheduler)) ||
        (rc = batches_new(&d->uv, d->scheduler, d->writer, d->readers, &d->batches)))
        return rc;
    scheduler_listen(d->scheduler, on_news, d);
    if ((rc = watches_new(&d->uv, d->conf, d->scheduler, d->writer, &d->events, &d->watches)) || (rc = resume(d)))
        return rc;
    if ((rc = peers_new(d->conf, &d->peers)) ||
        (rc = front_new(&d->uv,
                        &(struct front_uses){.conf = d->conf,
                                             .scheduler = d->scheduler,
                                             .batches = d->batches,
                                             .readers = d->readers,
                                             .peers = d->peers,
                                             .generations = d->generations,
                                             .writer = d->writer,
                                             .events = &d->events,
                                             .watches = d->watches},
                        &d->front)) ||
        (rc = server_new(&d->uv, &d->listeners, d->peers, front_exchange, d->front, &d->server)))
        log_error("dcvd cannot start: %s", strerror(-rc));
    return rc;
}

static void listen_to(struct dcvd *d, uv_signal_t *signal, uv_signal_cb fn, int number)
{
    uv_signal_init(&d->uv, signal);
    signal->data = d;
    uv_signal_start(signal, fn, number);
}

/* a: conf's arena, which it takes over. */
static int start(struct dcvd *d, struct arena *a, const struct conf *conf)
{
    const char *why;
    int rc = listeners_open(d->arena, conf, &d->listeners, &why);
    if (rc) {
        log_error("%s", why);
        arena_free(a);
        return rc;
    }
    rc = uv_loop_init(&d->uv);
    if (!rc)
        rc = loop_lag_start(&d->lag, &d->uv);
    if (!rc)
        rc = start_net(d, a, conf);
    if (!rc)
        rc = start_parts(d);
    if (rc) {
        listeners_close(&d->listeners);
        return rc;
    }
    retention_init(&d->retention, &d->uv, d->conf, d->writer, d->readers);
    d->reload = (struct reload){.uv = &d->uv,
                                .source = d->source,
                                .generations = d->generations,
                                .scheduler = d->scheduler,
                                .peers = d->peers};
    listen_to(d, &d->term, on_signal, SIGTERM);
    listen_to(d, &d->interrupt, on_signal, SIGINT);
    listen_to(d, &d->hangup, on_hangup, SIGHUP);
    systemd_watchdog_start(&d->watchdog, &d->uv);
    return 0;
}

/* ---------------------------------------------------------------- options ---------------------------- */

static const struct dcvd_option {
    const char *option, *section, *key, *argument, *help;
} settings[] = {
    {"socket", "daemon", "socket", "PATH", "where the API is served"},
    {"database", "daemon", "database", "FILE", "the store"},
    {"resolver", "resolver", "servers", "ADDR[:PORT]",
     "ask this resolver, for IPv6 with a port [2001:db8::53]:53; may be repeated; recursive: none, go down "
     "from the root"},
    {"allow-net", "fetch", "allow_net", "CIDR",
     "let checks connect to this otherwise forbidden network; may be repeated"},
};
enum { SETTING_COUNT = sizeof settings / sizeof *settings, OPT_SETTING = 256 };
enum { OPT_CONFIG = 'c', OPT_CHECK = 't', OPT_USER = 'u', OPT_VERSION = 'V', OPT_HELP = 'h' };

static void help(void)
{
    puts("usage: dcvd [options]\n"
         "Checks domains for certificate authorities' validation, on request over a Unix socket.\n\n"
         "  --config FILE             read this configuration (" CONF_FILE ", if it is there)");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        char left[40];
        snprintf(left, sizeof left, "--%s %s", settings[i].option, settings[i].argument);
        printf("  %-25s %s\n", left, settings[i].help);
    }
    puts("  --check-config            read the configuration, say what is wrong with it, and end; as root it is judged "
         "as user " DCVD_USER " sees it\n"
         "  --user NAME               with --check-config, as root: judge as this user sees it\n"
         "  --version, --help");
}

struct command_line {
    const char *config, *user;
    struct conf_option options[OPTIONS_MOST];
    size_t n;
    bool check;
};

static const char *absolute(struct arena *a, const char *path)
{
    char here[4096];
    return *path == '/' || !*path || !getcwd(here, sizeof here) ? path : arena_printf(a, "%s/%s", here, path);
}

static bool add_setting(struct arena *a, struct command_line *cl, const struct dcvd_option *s, const char *value)
{
    if (cl->n == OPTIONS_MOST) {
        fprintf(stderr, "dcvd: --%s: more than %d settings; use a configuration file\n", s->option,
                OPTIONS_MOST);
        return false;
    }
    bool path = !strcmp(s->section, "daemon");
    cl->options[cl->n++] = (struct conf_option){arena_printf(a, "--%s", s->option), s->section, s->key,
                                                path ? absolute(a, value) : value};
    return true;
}

/* -1: the daemon is to start; otherwise the exit status. */
static int read_command_line(struct arena *a, int argc, char **argv, struct command_line *ret)
{
    struct option longs[SETTING_COUNT + 6] = {{"config", required_argument, NULL, OPT_CONFIG},
                                              {"check-config", no_argument, NULL, OPT_CHECK},
                                              {"user", required_argument, NULL, OPT_USER},
                                              {"version", no_argument, NULL, OPT_VERSION},
                                              {"help", no_argument, NULL, OPT_HELP}};
    for (int i = 0; i < SETTING_COUNT; i++)
        longs[5 + i] = (struct option){settings[i].option, required_argument, NULL, OPT_SETTING + i};
    *ret = (struct command_line){0};
    int opt;
    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt >= OPT_SETTING) {
            if (!add_setting(a, ret, &settings[opt - OPT_SETTING], optarg))
                return EXIT_USAGE;
        } else if (opt == OPT_CONFIG) {
            ret->config = optarg;
        } else if (opt == OPT_CHECK) {
            ret->check = true;
        } else if (opt == OPT_USER) {
            ret->user = optarg;
        } else if (opt == OPT_VERSION) {
            printf("dcvd %s (public suffix list of %s)\n", DCVD_VERSION, suffixes_in_use()->date);
            return EXIT_SUCCESS;
        } else if (opt == OPT_HELP) {
            help();
            return EXIT_SUCCESS;
        } else {
            fputs("dcvd: see dcvd --help\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (ret->user && !ret->check) {
        fputs("dcvd: --user: without --check-config; expected both, or none of them\n", stderr);
        return EXIT_USAGE;
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "dcvd: '%s': expected options only; see dcvd --help\n", argv[optind]);
    return EXIT_USAGE;
}

/* user: as whom it is read, where that matters. NULL: the log says what is wrong. */
static struct arena *configure(const struct conf_source *source, const char *user, struct conf *ret)
{
    const char *why = OUT_OF_MEMORY;
    struct arena *a = arena_new(0);
    if (a && !conf_source_read(source, a, ret, &why))
        return a;
    log_error("%s%s%s%s", why, user ? " (as user " : "", user ? user : "", user ? " sees it)" : "");
    arena_free(a);
    return NULL;
}

/* What the daemon works with: what an operator asks for first when something is amiss. */
static void say_start(const struct dcvd *d)
{
    const struct conf *c = d->conf;
    struct arena *a = arena_new(0);
    struct texts system = {0};
    const struct texts *resolvers = &c->defaults.resolvers;
    if (a && !resolvers->n && !net_system_resolvers(a, &system))
        resolvers = &system;
    const char *list = "";
    for (size_t i = 0; a && list && i < resolvers->n; i++)
        list = arena_concat(a, list, i ? " " : "", resolvers->v[i], NULL);
    log_notice("dcvd " DCVD_VERSION " serves %s%s%s; resolvers %s%s; store %s; configuration %s",
               d->listeners.path ? d->listeners.path : "the sockets that were passed to it", c->listen ? " and " : "",
               c->listen ? c->listen : "", list ? list : "", resolvers == &system ? " of /etc/resolv.conf" : "",
               c->database, c->file ? c->file : "built in, without a file");
    arena_free(a);
}

/* Reads the configuration, and ends there with --check-config. -1: the daemon is to start with it; otherwise the exit
 * status. */
static int prepare(struct dcvd *d, const struct command_line *cl, struct arena **read, struct conf *conf)
{
    const char *why = NULL, *user = cl->check ? as_user(cl->user, &why) : NULL;
    if (why) {
        log_error("%s", why);
        return EXIT_USAGE;
    }
    d->source = (struct conf_source){cl->config, cl->options, cl->n};
    *read = configure(&d->source, user, conf);
    if (!*read)
        return EXIT_USAGE;
    if (conf->suffix_file && suffix_file_use(d->arena, conf->suffix_file, &why)) {
        log_error("[names] public_suffix_list: %s", why ? why : OUT_OF_MEMORY);
        return EXIT_USAGE;
    }
    if (!cl->check)
        return -1;
    printf("%s: in order%s%s\n", conf->file ? conf->file : "no configuration file", user ? ", as seen by user " : "",
           user ? user : "");
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct dcvd d; /* static, so that a leak checker finds what it holds, whichever way the program ends */
    struct command_line cl;
    struct arena *read = NULL;
    struct conf conf;
    log_init(LEVEL_INFO);
    signal(SIGPIPE, SIG_IGN);
    /* So that a limit on the size of files is an error of the store, EFBIG, as a full disk is. */
    signal(SIGXFSZ, SIG_IGN);
    d.arena = arena_new(0);
    if (!d.arena) {
        log_error(OUT_OF_MEMORY);
        return EXIT_BROKEN;
    }
    suffix_file_use(NULL, NULL, NULL);
    int status = read_command_line(d.arena, argc, argv, &cl);
    if (status < 0)
        status = prepare(&d, &cl, &read, &conf);
    if (status >= 0) {
        arena_free(read);
        arena_free(d.arena);
        return status;
    }
    log_init((enum log_level)conf.log_level);
    log_access(conf.access_log);
    raise_limits();
    if (start(&d, read, &conf))
        return d.status ? d.status : EXIT_BROKEN;
    say_start(&d);
    systemd_notify("READY=1");
    loop_lag_restart(&d.lag);
    uv_run(&d.uv, UV_RUN_DEFAULT);
    deinit(&d);
    arena_free(d.arena);
    log_notice("ended");
    return EXIT_SUCCESS;
}
