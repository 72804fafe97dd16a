#include "observe/http_decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <zlib.h>

enum { PIECE = 4096, ZLIB_BITS = 15, GZIP_BITS = 16 + ZLIB_BITS, RAW_BITS = -ZLIB_BITS };

struct layer {
    z_stream z;
    bool deflate;    /* else gzip */
    bool begun, ended;
    bool behind;     /* bytes came after the end that are no further member */
    uint8_t head[2]; /* deflate: the first bytes, which tell the zlib format from a bare stream */
    unsigned n_head;
    uint64_t taken;
};

struct decoder {
    struct layer layer[DECODE_LAYERS_MOST]; /* in the order in which they are undone */
    size_t n;
    decoder_sink *sink;
    void *user;
    const char *fault;
    bool starved, enough;
};

static bool push(struct decoder *d, size_t at, const uint8_t *p, size_t n);

static bool fail(struct decoder *d, const char *fault)
{
    d->fault = fault;
    return false;
}

static bool layer_begin(struct decoder *d, struct layer *l, int bits)
{
    l->begun = inflateInit2(&l->z, bits) == Z_OK;
    d->starved = !l->begun;
    return l->begun;
}

/* A gzip file may have several members (RFC 1952 2.2). What follows the end and begins as none is no part of it. */
static bool next_member(struct layer *l, uint8_t first)
{
    l->behind = l->behind || l->deflate || first != 0x1f || inflateReset(&l->z) != Z_OK;
    l->ended = l->behind;
    return !l->ended;
}

static bool inflate_piece(struct decoder *d, size_t at, const uint8_t *p, size_t n)
{
    struct layer *l = &d->layer[at];
    uint8_t out[PIECE];

    l->z.next_in = (z_const Bytef *)p;
    l->z.avail_in = (uInt)n;
    for (;;) {
        l->z.next_out = out;
        l->z.avail_out = sizeof out;
        int rc = inflate(&l->z, Z_NO_FLUSH);
        if (l->z.avail_out < sizeof out && !push(d, at + 1, out, sizeof out - l->z.avail_out))
            return false;
        if (rc == Z_MEM_ERROR) {
            d->starved = true;
            return false;
        }
        if (rc == Z_STREAM_END) {
            l->ended = true;
            if (!l->z.avail_in || !next_member(l, *l->z.next_in))
                return true;
            continue;
        }
        if (rc != Z_OK && rc != Z_BUF_ERROR)
            return fail(d, l->deflate ? "its bytes are not in the form deflate" : "its bytes are not in the form gzip");
        if (!l->z.avail_in && l->z.avail_out)
            return true;
    }
}

/* RFC 1950 2.2. Servers send bare streams under the name deflate as well, and clients take both. */
static bool is_zlib(const uint8_t *head)
{
    return (head[0] & 0xf) == Z_DEFLATED && head[0] >> 4 <= 7 && (head[0] << 8 | head[1]) % 31 == 0;
}

static bool push(struct decoder *d, size_t at, const uint8_t *p, size_t n)
{
    if (at == d->n) {
        d->enough = !d->sink(d->user, p, n);
        return !d->enough;
    }
    struct layer *l = &d->layer[at];
    l->taken += n;
    if (l->taken > DECODE_BYTES_MOST)
        return fail(d, "it does not come to an end");
    if (!n || (l->ended && !next_member(l, *p)))
        return true;
    if (!l->begun && !l->deflate && !layer_begin(d, l, GZIP_BITS))
        return false;
    if (!l->begun) {
        for (; n && l->n_head < sizeof l->head; n--)
            l->head[l->n_head++] = *p++;
        if (l->n_head < sizeof l->head)
            return true;
        if (!layer_begin(d, l, is_zlib(l->head) ? ZLIB_BITS : RAW_BITS) ||
            !inflate_piece(d, at, l->head, sizeof l->head))
            return false;
    }
    return !n || l->ended || inflate_piece(d, at, p, n);
}

bool decoder_feed(struct decoder *d, const uint8_t *p, size_t n)
{
    return !d->fault && !d->enough && push(d, 0, p, n);
}

const char *decoder_fault(const struct decoder *d, bool ended)
{
    for (size_t i = 0; i < d->n && ended && !d->fault && !d->enough; i++)
        if (d->layer[i].taken && !d->layer[i].ended)
            return "it breaks off before its end";
    return d->fault;
}

bool decoder_starved(const struct decoder *d)
{
    return d->starved;
}

int decoder_new(const char *codings, const struct texts *known, decoder_sink *sink, void *user, struct decoder **ret)
{
    static const char between[] = " \t,";
    struct decoder *d = calloc(1, sizeof *d);

    if (!d)
        return -ENOMEM;
    d->sink = sink;
    d->user = user;
    /* They are named in the order in which they were applied. */
    for (size_t end = strlen(codings), n; end; end -= n) {
        for (n = 0; n < end && !strchr(between, codings[end - n - 1]); n++)
            ;
        for (size_t i = 0; i < known->n && n; i++) {
            if (strlen(known->v[i]) != n || strncasecmp(codings + end - n, known->v[i], n) != 0)
                continue;
            if (d->n == DECODE_LAYERS_MOST)
                d->fault = "more encodings in each other than a client undoes";
            else
                d->layer[d->n++].deflate = !strcmp(known->v[i], "deflate");
            break;
        }
        n += !n;
    }
    *ret = d;
    if (!d->n) {
        free(d);
        *ret = NULL;
    }
    return 0;
}

void decoder_free(struct decoder *d)
{
    for (size_t i = 0; d && i < d->n; i++)
        if (d->layer[i].begun)
            inflateEnd(&d->layer[i].z);
    free(d);
}
