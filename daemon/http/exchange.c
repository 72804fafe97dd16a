#include "http/exchange.h"

#include "api/routes.h"
#include "base/log.h"
#include "http/exchange_inner.h"
#include "http/server_inner.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PARAMS_MOST = 32,
    PIECES_LEAST = 65536,             /* bytes of a body in pieces that have to come in each REQUEST_MS */
    PIECES_MOST = 1 << 30,            /* bytes of such a body */
    DISCARD_MOST = 4 * API_BODY_MOST, /* bytes that are read of a body that is too long and did not say so */
    STREAM_MOST = 256 << 10,          /* bytes that are kept for a stream's reader that is behind */
    STREAM_BLOCK = 8192
};

struct exchange {
    struct server *server;
    struct MHD_Connection *mhd;
    struct connection *connection;
    char *method, *path;
    struct api_param params[PARAMS_MOST];
    struct api_input input;
    struct peer peer;
    uint64_t began; /* uv_hrtime() once the headers were read */
    /* ---- the request's body */
    size_t body_most;
    bool whole;      /* all of it has come */
    struct buf body; /* unless it comes in pieces */
    bool in_pieces;
    struct taker taker; /* of the pieces; zero from the answer on */
    size_t took, step;  /* bytes of pieces: in all, and since the connection got more time for them */
    size_t discarded;   /* bytes that nobody wanted */
    /* ---- the way to the answer */
    bool given;     /* to the server's function */
    bool suspended; /* libmicrohttpd does nothing on the connection */
    bool answered;  /* .answer is complete, or the stream has begun */
    bool queued;    /* libmicrohttpd has the answer */
    struct api_answer answer;
    /* ---- a stream */
    bool stream, ended;
    struct buf out; /* what libmicrohttpd has not taken yet, from .out_at on */
    size_t out_at;
    void (*gone)(void *user);
    void *gone_user;
};

/* ---------------------------------------------------------------- the answer ------------------------- */

const struct api_input *exchange_input(const struct exchange *x)
{
    return &x->input;
}

const struct peer *exchange_peer(const struct exchange *x)
{
    return &x->peer;
}

static void suspend(struct exchange *x)
{
    x->suspended = true;
    x->connection->until = 0;
    MHD_suspend_connection(x->mhd);
}

static void go_on(struct exchange *x)
{
    if (!x->suspended)
        return;
    x->suspended = false;
    if (!x->whole)
        x->connection->until = uv_now(x->server->uv) + REQUEST_MS;
    MHD_resume_connection(x->mhd);
    x->server->dirty = true;
}

void exchange_take(struct exchange *x, const struct taker *t)
{
    x->taker = *t;
}

void exchange_resume(struct exchange *x)
{
    go_on(x);
}

void exchange_answer(struct exchange *x, struct api_answer *answer)
{
    x->answer = *answer;
    *answer = (struct api_answer){0};
    x->answered = true;
    x->taker = (struct taker){0};
    go_on(x);
}

void exchange_stream(struct exchange *x, const char *type, void (*gone)(void *user), void *user)
{
    x->answer = (struct api_answer){.status = 200, .type = type};
    x->stream = x->answered = true;
    x->gone = gone;
    x->gone_user = user;
    go_on(x);
}

bool exchange_send(struct exchange *x, const char *p, size_t n)
{
    if (x->out.n - x->out_at + n > STREAM_MOST)
        return false;
    if (x->out_at > STREAM_MOST / 2) {
        x->out.n -= x->out_at;
        memmove(x->out.p, x->out.p + x->out_at, x->out.n);
        x->out_at = 0;
    }
    buf_add(&x->out, p, n);
    go_on(x);
    return !x->out.failed;
}

void exchange_end(struct exchange *x)
{
    x->gone = NULL;
    x->ended = true;
    go_on(x);
}

/* libmicrohttpd wants more of a stream: what it was given before has gone to the kernel. */
static ssize_t on_read(void *user, uint64_t pos, char *to, size_t most)
{
    (void)pos;
    struct exchange *x = user;
    size_t n = x->out.n - x->out_at;
    if (x->out.failed)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (n) {
        n = n < most ? n : most;
        memcpy(to, x->out.p + x->out_at, n);
        x->out_at += n;
        if (x->out_at == x->out.n)
            x->out.n = x->out_at = 0;
        x->connection->until = uv_now(x->server->uv) + ANSWER_MS;
        return (ssize_t)n;
    }
    if (x->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    suspend(x);
    return 0;
}

static void add_header(struct MHD_Response *r, const char *name, const char *value)
{
    if (value && *value)
        MHD_add_response_header(r, name, value);
}

/* The query is left out: it may hold the value of an order. */
static void log_request(const struct exchange *x)
{
    char method[20], path[240], uid[12] = "-";
    if (!log_access_wanted())
        return;
    if (x->peer.uid != PEER_NOBODY)
        snprintf(uid, sizeof uid, "%u", x->peer.uid);
    log_info("request: uid=%s method=%s path=%s status=%d ms=%.1f", uid, log_word(method, sizeof method, x->method),
             log_word(path, sizeof path, x->path), x->answer.status, (double)(uv_hrtime() - x->began) / 1e6);
}

/* Gives the answer to libmicrohttpd. */
static enum MHD_Result queue(struct exchange *x)
{
    struct api_answer *ans = &x->answer;
    if (!x->stream)
        buf_puts(&ans->body, "\n");
    if (ans->body.failed)
        return MHD_NO; /* there is no memory for an answer: the connection is closed without one */
    struct MHD_Response *r =
        x->stream ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_read, x, NULL)
                  : MHD_create_response_from_buffer(ans->body.n, ans->body.p, MHD_RESPMEM_MUST_FREE);
    if (!r)
        return MHD_NO;
    ans->body = (struct buf){0};
    add_header(r, "Content-Type", ans->type ? ans->type : "application/json");
    add_header(r, "Allow", ans->allow);
    add_header(r, "Location", ans->location);
    if (ans->retry_after) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%u", ans->retry_after);
        add_header(r, "Retry-After", seconds);
    }
    if (ans->close || x->server->closing)
        add_header(r, "Connection", "close");
    enum MHD_Result rc = MHD_queue_response(x->mhd, (unsigned)ans->status, r);
    MHD_destroy_response(r);
    x->queued = true;
    log_request(x);
    x->connection->idle = 0;
    x->connection->until = uv_now(x->server->uv) + ANSWER_MS;
    return rc;
}

/* ---------------------------------------------------------------- the request ------------------------ */

static enum MHD_Result on_param(void *user, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                const char *value, size_t value_len)
{
    (void)kind;
    (void)name_len;
    struct exchange *x = user;
    if (x->input.n_params == PARAMS_MOST)
        return MHD_NO;
    x->params[x->input.n_params++] = (struct api_param){name, value, value ? value_len : 0};
    return MHD_YES;
}

static const char *header(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->mhd, MHD_HEADER_KIND, name);
}

/* A Host that only this machine can be: localhost, 127.0.0.0/8 or [::1], with a port or without. */
static bool is_loopback(const char *host)
{
    char name[INET_ADDRSTRLEN];
    struct in_addr v4;
    size_t n = strcspn(host, *host == '[' ? "]" : ":");
    n += host[n] == ']';
    const char *port = host + n;
    if (n >= sizeof name || (*port && (*port != ':' || port[1 + strspn(port + 1, "0123456789")])))
        return false;
    memcpy(name, host, n);
    name[n] = 0;
    return !strcasecmp(name, "localhost") || !strcmp(name, "[::1]") ||
           (inet_pton(AF_INET, name, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

/* A page in a browser on this machine can reach a loopback port too, by its address or by a name that is made to point
 * there. It can forge neither of these headers. */
static bool from_a_page(const struct exchange *x)
{
    const char *host = header(x, "Host");
    return header(x, "Origin") || (host && !is_loopback(host));
}

static struct exchange *exchange_new(struct server *s, struct MHD_Connection *mc, const char *url,
                                     const char *method)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->server = s;
    x->mhd = mc;
    x->connection = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    x->method = strdup(method);
    x->path = strdup(url);
    if (!x->connection || !x->method || !x->path) {
        free(x->method);
        free(x->path);
        free(x);
        return NULL;
    }
    peer_renew(s->connections.peers, x->connection->fd, &x->connection->peer);
    x->peer = x->connection->peer;
    x->began = uv_hrtime();
    if (x->peer.uid == PEER_NOBODY && from_a_page(x))
        x->peer.allowed = false;
    x->body_most = route_body_most(method, url);
    x->in_pieces = x->body_most == API_BODY_PIECES;
    if (x->in_pieces)
        x->body_most = PIECES_MOST;
    s->exchanges++;
    return x;
}

static void too_long(struct exchange *x)
{
    api_error(&x->answer, 413, CODE_bad_request_format, NULL,
              "the body is too long; %s %s takes %zu bytes at most", x->method, x->path, x->body_most);
    x->answer.close = true;
    x->answered = true;
}

static void give(struct exchange *x);

/* The headers have been read. A body whose Content-Length is too large is refused before it is sent. So is a request
 * that is refused for its headers alone, where the client waits for 100 Continue (RFC 9110 §10.1.1). */
static enum MHD_Result begin(struct exchange *x)
{
    const char *length = header(x, "Content-Length");
    if (length && strtoull(length, NULL, 10) > x->body_most) {
        too_long(x);
        return queue(x);
    }
    if (!x->in_pieces)
        return MHD_YES;
    give(x);
    if (!x->answered || !header(x, "Expect"))
        return MHD_YES;
    x->answer.close = true;
    return queue(x);
}

/* libmicrohttpd takes an answer only after the body, so that this is read to its end, unless it is far too long. */
static enum MHD_Result discard(struct exchange *x, size_t n)
{
    x->discarded += n;
    return x->discarded > (x->in_pieces ? PIECES_MOST : DISCARD_MOST) ? MHD_NO : MHD_YES;
}

/* Each PIECES_LEAST bytes of a body in pieces give the client REQUEST_MS more. */
static void stepped(struct exchange *x, size_t n)
{
    x->step += n;
    if (x->step < PIECES_LEAST)
        return;
    x->step = 0;
    x->connection->until = uv_now(x->server->uv) + REQUEST_MS;
}

static enum MHD_Result take_piece(struct exchange *x, const char *data, size_t *n)
{
    size_t got = *n;
    if (!x->answered && x->took + got > x->body_most) {
        if (x->taker.gone)
            x->taker.gone(x->taker.user);
        x->taker = (struct taker){0};
        too_long(x);
    }
    if (x->taker.take && !x->taker.take(x->taker.user, data, got) && !x->answered) {
        suspend(x); /* *n stays, so that libmicrohttpd brings the piece again */
        return MHD_YES;
    }
    *n = 0;
    stepped(x, got);
    x->took += got;
    return x->answered ? discard(x, got) : MHD_YES;
}

static enum MHD_Result take_body(struct exchange *x, const char *data, size_t *n)
{
    size_t got = *n;
    if (x->queued) {
        *n = 0;
        return MHD_YES;
    }
    if (x->in_pieces)
        return take_piece(x, data, n);
    *n = 0;
    if (x->answered || x->body.n + got > x->body_most) {
        if (!x->answered)
            too_long(x);
        return discard(x, got);
    }
    buf_add(&x->body, data, got);
    return x->body.failed ? MHD_NO : MHD_YES;
}

/* Hands it to the server's function. */
static void give(struct exchange *x)
{
    x->given = true;
    x->connection->idle = 0;
    MHD_get_connection_values_n(x->mhd, MHD_GET_ARGUMENT_KIND, on_param, x);
    x->input.method = x->method;
    x->input.path = x->path;
    x->input.params = x->params;
    x->input.content_type = header(x, "Content-Type");
    x->input.idempotency_key = header(x, "Idempotency-Key");
    x->input.scrape_timeout = header(x, "X-Prometheus-Scrape-Timeout-Seconds");
    x->input.peer = x->peer.uid == PEER_NOBODY ? -1 : (int64_t)x->peer.uid;
    x->input.body = x->body.p ? x->body.p : "";
    x->input.len = x->body.n;
    if (!x->server->closing) {
        x->server->fn(x->server->user, x);
        return;
    }
    api_error(&x->answer, 429, CODE_request_limit_exceeded, NULL,
              "the daemon is ending; try again when it is back");
    x->answer.retry_after = 1;
    x->answered = true;
}

/* The whole request has come. */
static void complete(struct exchange *x)
{
    x->whole = true;
    x->connection->until = 0;
    if (!x->given)
        give(x);
    else if (x->taker.end)
        x->taker.end(x->taker.user);
}

/* ---------------------------------------------------------------- what libmicrohttpd calls ----------- */

enum MHD_Result exchange_on_request(void *user, struct MHD_Connection *mc, const char *url, const char *method,
                                    const char *version, const char *upload, size_t *upload_len, void **state)
{
    (void)version;
    struct exchange *x = *state;
    if (!x) {
        x = exchange_new(user, mc, url, method);
        *state = x;
        return x ? begin(x) : MHD_NO;
    }
    if (*upload_len)
        return take_body(x, upload, upload_len);
    if (x->queued)
        return MHD_YES;
    if (!x->answered && !x->whole)
        complete(x);
    if (x->answered)
        return queue(x);
    suspend(x);
    return MHD_YES;
}

void exchange_on_completed(void *user, struct MHD_Connection *mc, void **state, enum MHD_RequestTerminationCode code)
{
    (void)mc;
    (void)code;
    struct server *s = user;
    struct exchange *x = *state;
    if (!x)
        return;
    *state = NULL;
    s->exchanges--;
    if (x->taker.gone)
        x->taker.gone(x->taker.user);
    x->connection->idle = uv_now(s->uv);
    x->connection->until = x->connection->idle + REQUEST_MS;
    buf_free(&x->body);
    buf_free(&x->answer.body);
    buf_free(&x->out);
    if (x->gone)
        x->gone(x->gone_user);
    free(x->method);
    free(x->path);
    free(x);
}
