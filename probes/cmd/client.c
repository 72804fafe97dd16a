#include "cmd/client.h"

#include "base/text.h"
#include "cmd/cli.h"
#include "cmd/progress.h"

#include <curl/curl.h>
#include <errno.h>
#include <grp.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { CONNECT_MS = 5000, ANSWER_MS = 15000, ANSWER_MOST = 256 << 20, ID_LENGTH = 16 };

struct client {
    CURL *easy;
    char *socket;
    dcv_time began; /* of the call under way */
    char error[CURL_ERROR_SIZE];
    client_read_fn *read; /* makes the body while it is sent */
    void *read_user;
};

bool client_is_id(const char *text)
{
    return strlen(text) == ID_LENGTH && strspn(text, "0123456789abcdef") == ID_LENGTH;
}

struct client *client_new(const char *socket)
{
    struct client *c = calloc(1, sizeof *c);
    if (c) {
        c->easy = curl_easy_init();
        c->socket = strdup(socket);
    }
    if (!c || !c->easy || !c->socket) {
        complain_no_memory();
        client_free(c);
        return NULL;
    }
    return c;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    if (c->easy)
        curl_easy_cleanup(c->easy);
    free(c->socket);
    free(c);
}

static size_t on_data(char *data, size_t size, size_t n, void *user)
{
    struct buf *b = user;
    (void)size;
    if (b->n + n > ANSWER_MOST)
        return 0;
    buf_add(b, data, n);
    return b->failed ? 0 : n;
}

static size_t on_body(char *to, size_t size, size_t n, void *user)
{
    struct client *c = user;
    size_t got = c->read(c->read_user, to, size * n);
    return got == SIZE_MAX ? CURL_READFUNC_ABORT : got;
}

static void stream_options(struct client *c)
{
    curl_easy_setopt(c->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, "POST");
    curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, on_body);
    curl_easy_setopt(c->easy, CURLOPT_READDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, 0L);
}

/* Called by the library about once a second, and when bytes move. */
static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct client *k = user;
    (void)a, (void)b, (void)c, (void)d;
    dcv_time ms = cli_now() - k->began;
    if (ms < WAIT_QUIET_MS || !wait_can_show())
        return 0;
    struct arena *arena = arena_new(0);
    const char *text =
        arena ? arena_printf(arena, "%us: waiting for dcvd on %s", (unsigned)(ms / 1000), k->socket) : NULL;
    if (text)
        wait_show(text);
    arena_free(arena);
    return 0;
}

static CURLcode perform(struct client *c, const char *method, const char *path, const struct buf *body,
                        uint32_t wait_ms, struct client_answer *ret)
{
    CURL *e = c->easy;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    struct buf url = {0};
    buf_printf(&url, "http://localhost%s", path);
    if (!headers || url.failed) {
        curl_slist_free_all(headers);
        buf_free(&url);
        return CURLE_OUT_OF_MEMORY;
    }
    curl_easy_reset(e);
    curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, c->socket);
    curl_easy_setopt(e, CURLOPT_URL, url.p);
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)wait_ms + ANSWER_MS);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, &ret->body);
    if (body) {
        curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)body->n);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, body->p ? body->p : "");
    }
    if (c->read)
        stream_options(c);
    c->error[0] = '\0';
    c->began = cli_now();
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(e, CURLOPT_XFERINFODATA, c);
    CURLcode rc = curl_easy_perform(e);
    wait_clear();
    if (rc == CURLE_OK)
        curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &ret->status);
    curl_slist_free_all(headers);
    buf_free(&url);
    return rc;
}

/* The group whose members may use the socket. */
static const char *group_of(const char *socket)
{
    struct stat st;
    const struct group *gr = stat(socket, &st) ? NULL : getgrgid(st.st_gid);
    return gr && st.st_gid ? gr->gr_name : "dcvd";
}

/* Says why no answer came: the rights are missing, nothing listens, or what the library says. */
static void complain_no_answer(const struct client *c, CURLcode rc)
{
    long error = 0;
    if (rc == CURLE_COULDNT_CONNECT)
        curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &error);
    if (error == EACCES || error == EPERM)
        complain("permission denied on %s; join group %s, as root by 'usermod -aG %s USER', and log in again",
                 c->socket, group_of(c->socket), group_of(c->socket));
    else if (error == ENOENT || error == ECONNREFUSED)
        complain("dcvd does not run: nothing listens on %s; start it, by 'systemctl start dcvd' for example, or name "
                 "its socket by --socket",
                 c->socket);
    else
        complain("dcvd does not answer on %s: %s; expected a running dcvd, see --socket", c->socket,
                 c->error[0] ? c->error : curl_easy_strerror(rc));
}

bool client_call(struct client *c, const char *method, const char *path, const struct buf *body,
                 uint32_t wait_ms, struct client_answer *ret)
{
    *ret = (struct client_answer){0};
    CURLcode rc = perform(c, method, path, body, wait_ms, ret);
    if (rc == CURLE_OK)
        return true;
    if (rc != CURLE_ABORTED_BY_CALLBACK)
        complain_no_answer(c, rc);
    buf_free(&ret->body);
    return false;
}

bool client_stream(struct client *c, const char *path, client_read_fn *read, void *user,
                   struct client_answer *ret)
{
    c->read = read;
    c->read_user = user;
    bool ok = client_call(c, "POST", path, NULL, 0, ret);
    c->read = NULL;
    return ok;
}

bool client_accept(const struct client_answer *answer)
{
    if (answer->status >= 200 && answer->status < 300)
        return true;
    json_t *root = json_loadb(answer->body.p ? answer->body.p : "", answer->body.n, 0, NULL), *e;
    json_t *errors = json_object_get(root, "errors");
    struct arena *a = arena_new(0);
    size_t i;
    bool said = false;
    json_array_foreach(errors, i, e)
    {
        const char *code = json_string_value(json_object_get(e, "code"));
        const char *message = json_string_value(json_object_get(e, "message"));
        if (code && message && a) {
            complain("%s: %s", text_escape(a, code, strlen(code), 100),
                     text_escape(a, message, strlen(message), 1000));
            said = true;
        }
    }
    if (!said)
        complain("dcvd answers with status %ld", answer->status);
    arena_free(a);
    json_decref(root);
    return false;
}

int client_print_id(struct client_answer *answer)
{
    int status = EXIT_USAGE;
    if (client_accept(answer)) {
        json_t *root = json_loadb(answer->body.p, answer->body.n, 0, NULL);
        const char *id = json_string_value(json_object_get(root, "id"));
        struct buf line = {0};
        if (id && strspn(id, "0123456789abcdef") == strlen(id)) {
            buf_printf(&line, "%s\n", id);
            status = cli_flush(&line);
        } else {
            complain("dcvd answers without an id; expected a dcvd of this version");
        }
        json_decref(root);
    }
    buf_free(&answer->body);
    return status;
}

static void escaped(struct buf *b, const char *s)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *s; s++)
        if (strchr(plain, *s))
            buf_add(b, s, 1);
        else
            buf_printf(b, "%%%02X", (unsigned char)*s);
}

const char *client_escape(struct arena *a, const char *text)
{
    struct buf b = {0};
    escaped(&b, text);
    const char *copy = b.failed ? NULL : arena_strndup(a, b.p ? b.p : "", b.n);
    buf_free(&b);
    return copy ? copy : "";
}

enum { NOT_FOUND = 404 };

/* missing: NULL where an answer of 404 is printed like others. */
static json_t *get(struct client *c, const char *path, uint32_t wait_ms, bool *missing)
{
    struct client_answer answer;
    json_t *root = NULL;
    if (!client_call(c, "GET", path, NULL, wait_ms, &answer))
        return NULL;
    if (missing && answer.status == NOT_FOUND) {
        *missing = true;
    } else if (client_accept(&answer)) {
        root = json_loadb(answer.body.p ? answer.body.p : "", answer.body.n, 0, NULL);
        if (!root)
            complain("dcvd does not answer with JSON; expected a dcvd of this version");
    }
    buf_free(&answer.body);
    return root;
}

json_t *client_look(struct client *c, const char *path, uint32_t wait_ms, bool *missing)
{
    *missing = false;
    return get(c, path, wait_ms, missing);
}

json_t *client_get(struct client *c, const char *path, const struct client_param *params, size_t n,
                   uint32_t wait_ms)
{
    struct buf whole = {0};
    json_t *root = NULL;
    const char *before = "?";
    buf_puts(&whole, path);
    for (size_t i = 0; i < n; i++) {
        if (!params[i].value)
            continue;
        buf_printf(&whole, "%s%s=", before, params[i].key);
        escaped(&whole, params[i].value);
        before = "&";
    }
    if (whole.failed)
        complain_no_memory();
    else
        root = get(c, whole.p, wait_ms, NULL);
    buf_free(&whole);
    return root;
}
