#include "cmd/follow.h"

#include "base/text.h"
#include "cmd/moments.h"
#include "cmd/show_things.h"
#include "model/time.h"

#include <curl/curl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_MS = 5000, SILENCE_S = 40, LINE_MOST = 1 << 20, SHOWN_MOST = 300 };

struct followed {
    const char *id;
    char *domain, *state; /* NULL: not known yet */
    json_t *results;      /* the list of the last run, or NULL */
    bool named;           /* its request names methods */
};

struct follower {
    const char *socket;
    struct client *client; /* for all requests but the stream */
    struct followed *v;
    size_t n;
    enum format format;
    bool color, said_gone; /* said_gone: it was printed that the daemon does not answer */
    int status;            /* EXIT_USAGE: the output or the daemon failed for good */
    CURL *easy;
    struct buf in; /* of the stream: an incomplete line, or the body of an error */
    bool again;    /* look_at_all() must be called: events were missed */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---------------------------------------------------------------- what is known ---------------------- */

static bool has_ended(const struct followed *w)
{
    return w->state && strcmp(w->state, "active") != 0;
}

static bool all_ended(const struct follower *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (!has_ended(&f->v[i]))
            return false;
    return true;
}

static const char *text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void set_text(char **to, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (!copy)
        return;
    free(*to);
    *to = copy;
}

static const json_t *result_of(const json_t *results, const char *method)
{
    size_t i;
    json_t *r;
    json_array_foreach(results, i, r) if (method && text_of(r, "method") &&
                                          !strcmp(text_of(r, "method"), method)) return r;
    return NULL;
}

/* ---------------------------------------------------------------- lines ------------------------------ */

enum { GAP = 2 };

/* Adds a column: its text, and blanks up to width, GAP at least. 0: the last one, without blanks. */
static void column(struct buf *b, struct arena *a, const char *text, size_t width)
{
    const char *shown = text ? text_escape(a, text, strlen(text), SHOWN_MOST) : "-";
    buf_puts(b, shown ? shown : "");
    size_t n = shown ? text_characters(shown, strlen(shown)) : 0;
    for (size_t end = width && n + GAP > width ? n + GAP : width; n < end; n++)
        buf_add(b, " ", 1);
}

static const char *color_of(const char *verdict)
{
    if (verdict && !strcmp(verdict, verdict_name(VERDICT_PASS)))
        return "32";
    return verdict && !strcmp(verdict, verdict_name(VERDICT_FAIL)) ? "31" : "33";
}

static void line_begin(struct buf *b, struct arena *a, const struct follower *f, const struct followed *w,
                       const char *at)
{
    size_t width = 0;
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].domain && strlen(f->v[i].domain) > width)
            width = strlen(f->v[i].domain);
    const char *shown = moment_shown(a, at && strlen(at) >= 19 ? at : "0000-00-00T00:00:00.000Z", true);
    buf_printf(b, "%s  ", shown ? shown : "");
    column(b, a, w->domain, width + GAP);
}

static void line_of_result(struct buf *b, struct arena *a, const struct follower *f, const struct followed *w,
                           const char *at, const json_t *r)
{
    enum { METHOD_WIDTH = 20, VERDICT_WIDTH = 11, CODE_WIDTH = 29, NARROW = 140 };
    const char *verdict = text_of(r, "verdict"), *cause = text_of(r, "cause");
    line_begin(b, a, f, w, at);
    column(b, a, text_of(r, "method"), METHOD_WIDTH);
    if (f->color)
        buf_printf(b, "\033[1;%sm", color_of(verdict));
    column(b, a, verdict, VERDICT_WIDTH);
    if (f->color)
        buf_puts(b, "\033[0m");
    unsigned width = cli_width();
    bool narrow = width && width < NARROW;
    if (narrow)
        buf_puts(b, "\n    ");
    column(b, a, text_of(r, "code"), CODE_WIDTH);
    column(b, a, cause, 0);
    buf_puts(b, "\n");
}

/* Prints what changed since it was shown last, one line for each method. */
static int show_text(struct follower *f, const struct followed *w, const char *at, const char *state,
                     const json_t *to)
{
    struct buf b = {0};
    struct arena *a = arena_new(0);
    size_t i;
    json_t *r;
    if (!a)
        return EXIT_USAGE;
    json_array_foreach(to, i, r)
    {
        const json_t *before = result_of(w->results, text_of(r, "method"));
        if (!before || !json_equal(before, r))
            line_of_result(&b, a, f, w, at, r);
    }
    if (strcmp(state, "active") != 0 && strcmp(state, "passed") != 0) {
        line_begin(&b, a, f, w, at);
        buf_printf(&b, "the watch %s\n",
                   strcmp(state, "expired") ? "was deleted" : "has expired without a pass");
    }
    arena_free(a);
    return cli_flush(&b);
}

/* Prints an event in the form of the daemon. Borrows `to`. */
static int show_event(const struct followed *w, const char *at, const char *check, const char *state,
                      json_t *to)
{
    bool changed = to && !(w->results && json_equal(w->results, to));
    json_t *e = json_pack("{s:s,s:s?,s:s,s:s?,s:s?,s:s,s:b,s:O?,s:O?}", "event", "watch", "at", at, "id",
                          w->id, "check", check, "domain", w->domain, "state", state, "changed", (int)changed,
                          "from", w->results, "to", to);
    char *text = e ? json_dumps(e, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    struct buf b = {0};
    buf_puts(&b, text ? text : "");
    buf_puts(&b, "\n");
    b.failed = b.failed || !text;
    free(text);
    json_decref(e);
    return cli_flush(&b);
}

/* ---------------------------------------------------------------- news ------------------------------- */

/* Notes and prints a new state of a watch; a known state is not printed again. to: the list of results, or
 * NULL. */
static void take(struct follower *f, struct followed *w, const char *at, const char *check, const char *state,
                 json_t *to)
{
    bool changed = to && !(w->results && json_equal(w->results, to));
    bool ended = strcmp(state, "active") != 0 && !has_ended(w);
    if ((changed || ended) && !f->status)
        f->status =
            f->format == FORMAT_NDJSON ? show_event(w, at, check, state, to) : show_text(f, w, at, state, to);
    set_text(&w->state, state);
    if (to) {
        json_incref(to);
        json_decref(w->results);
        w->results = to;
    }
}

static struct followed *find(struct follower *f, const char *id)
{
    for (size_t i = 0; id && i < f->n; i++)
        if (!strcmp(f->v[i].id, id))
            return &f->v[i];
    return NULL;
}

static json_t *list_or_null(json_t *v)
{
    return json_is_array(v) ? v : NULL;
}

/* Asks the daemon for a watch and prints what is new; without tell it only notes the domain. False: the
 * daemon does not answer now. */
static bool look(struct follower *f, struct followed *w, bool tell)
{
    char path[64], now[25];
    struct client_answer answer;
    snprintf(path, sizeof path, "/v1/watches/%s", w->id);
    if (!client_call(f->client, "GET", path, NULL, 0, &answer))
        return false;
    time_format(cli_now(), now);
    json_t *root = json_loadb(answer.body.p ? answer.body.p : "", answer.body.n, 0, NULL);
    const char *state = text_of(root, "state");
    if (answer.status == 200 && state) {
        const json_t *last = json_object_get(root, "last");
        const char *at = text_of(last, "at"), *ended = text_of(root, "ended_at");
        set_text(&w->domain, text_of(root, "domain"));
        w->named = watch_methods_named(root);
        if (tell)
            take(f, w,
                 at      ? at
                 : ended ? ended
                         : now,
                 text_of(root, "last_check"), state, list_or_null(json_object_get(last, "results")));
    } else if (answer.status == 404 && w->state) {
        take(f, w, now, NULL, "deleted", NULL);
    } else if (answer.status < 500 && answer.status != 429) {
        client_accept(&answer);
        f->status = EXIT_USAGE;
    }
    bool said = answer.status < 500 && answer.status != 429;
    json_decref(root);
    buf_free(&answer.body);
    return said;
}

/* Prints what happened while the stream was not read. */
static bool look_at_all(struct follower *f)
{
    /* First all domains, because the longest one sets the width of the column. */
    for (size_t i = 0; i < f->n && !f->status; i++)
        if (!f->v[i].domain && !look(f, &f->v[i], false))
            return false;
    for (size_t i = 0; i < f->n && !f->status; i++)
        if (!has_ended(&f->v[i]) && !look(f, &f->v[i], true))
            return false;
    return true;
}

static void on_line(struct follower *f, const char *text, size_t len)
{
    json_t *e = json_loadb(text, len, 0, NULL);
    const char *event = text_of(e, "event");
    struct followed *w = find(f, text_of(e, "id"));
    if (f->again || (event && !strcmp(event, "lost"))) {
        if (f->said_gone)
            complain("dcvd answers again");
        f->said_gone = false;
        f->again = !look_at_all(f);
    }
    if (event && !strcmp(event, "watch") && w && text_of(e, "state") && !has_ended(w)) {
        set_text(&w->domain, text_of(e, "domain"));
        take(f, w, text_of(e, "at"), text_of(e, "check"), text_of(e, "state"),
             list_or_null(json_object_get(e, "to")));
    }
    json_decref(e);
}

/* ---------------------------------------------------------------- the stream ------------------------- */

static size_t on_data(char *data, size_t size, size_t n, void *user)
{
    struct follower *f = user;
    long status = 0;
    (void)size;
    buf_add(&f->in, data, n);
    curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
    if (f->in.failed || f->in.n > LINE_MOST)
        return 0;
    size_t at = 0;
    for (char *end; status == 200 && (end = memchr(f->in.p + at, '\n', f->in.n - at));
         at = (size_t)(end - f->in.p) + 1)
        on_line(f, f->in.p + at, (size_t)(end - f->in.p) - at);
    if (at) {
        f->in.n -= at;
        memmove(f->in.p, f->in.p + at, f->in.n);
    }
    return f->status || all_ended(f) ? 0 : n;
}

static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)user, (void)a, (void)b, (void)c, (void)d;
    return interrupted;
}

/* Reads the stream over one connection until it ends. */
static void listen_once(struct follower *f)
{
    CURL *e = f->easy;
    char error[CURL_ERROR_SIZE] = "";
    long status = 0;
    f->again = true;
    buf_free(&f->in);
    curl_easy_reset(e);
    curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, f->socket);
    curl_easy_setopt(e, CURLOPT_URL, "http://localhost/v1/events?event=watch");
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    /* The daemon sends something every 15 seconds. */
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
    CURLcode rc = curl_easy_perform(e);
    curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
    if (f->status || interrupted || all_ended(f))
        return;
    const struct client_answer answer = {.status = status, .body = f->in};
    if (rc == CURLE_OK && status >= 400 && status < 500 && status != 429) {
        client_accept(&answer);
        f->status = EXIT_USAGE;
    } else if (!f->said_gone) {
        complain("dcvd does not answer on %s: %s; trying again, the watches are kept", f->socket,
                 *error          ? error
                 : status == 429 ? "it takes no more streams of events"
                                 : "the stream has ended");
        f->said_gone = true;
    }
}

/* ---------------------------------------------------------------- all together ----------------------- */

static int status_of(const struct follower *f)
{
    int status = f->status;
    for (size_t i = 0; i < f->n && !f->status; i++) {
        const struct followed *w = &f->v[i];
        if (has_ended(w) && strcmp(w->state, "passed") != 0)
            return EXIT_FAIL;
        if (has_ended(w)) /* it passed, which it does although methods that are not in use fail */
            continue;
        const char *verdict = text_of(watch_result_telling(w->results, w->named), "verdict");
        if (verdict && !strcmp(verdict, verdict_name(VERDICT_FAIL)))
            return EXIT_FAIL;
        if (!verdict || strcmp(verdict, verdict_name(VERDICT_PASS)) != 0)
            status = EXIT_UNDECIDED;
    }
    return status;
}

static void say_what_stays(const struct follower *f)
{
    struct buf ids = {0};
    for (size_t i = 0; i < f->n; i++)
        if (!has_ended(&f->v[i]))
            buf_printf(&ids, " %s", f->v[i].id);
    complain("dcvd continues its watches; to follow them again: dcvprobe watch%s", ids.p ? ids.p : "");
    complain("to end them: dcvprobe watch --delete%s", ids.p ? ids.p : "");
    buf_free(&ids);
}

int follow(const char *socket, struct client *client, char (*ids)[WATCH_ID_LEN + 1], size_t n,
           enum format format)
{
    struct follower f = {.socket = socket,
                         .client = client,
                         .v = calloc(n, sizeof *f.v),
                         .n = n,
                         .format = format,
                         .color = cli_color(),
                         .easy = curl_easy_init()};
    struct sigaction act = {.sa_handler = on_signal};
    if (!f.v || !f.easy) {
        complain_no_memory();
        f.status = EXIT_USAGE;
        f.n = 0;
    }
    for (size_t i = 0; i < f.n; i++)
        f.v[i].id = ids[i];
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    while (!f.status && !interrupted && !all_ended(&f)) {
        listen_once(&f);
        if (f.said_gone && !interrupted)
            sleep(1); /* a signal ends the sleep */
    }
    if (interrupted && !all_ended(&f))
        say_what_stays(&f);
    int status = status_of(&f);
    for (size_t i = 0; i < f.n; i++) {
        free(f.v[i].domain);
        free(f.v[i].state);
        json_decref(f.v[i].results);
    }
    free(f.v);
    buf_free(&f.in);
    if (f.easy)
        curl_easy_cleanup(f.easy);
    return status;
}
