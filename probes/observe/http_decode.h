/* http_decode.h - undoes the encodings of a body (Content-Encoding, RFC 9110 8.4) while it arrives.
 *
 * A decoder belongs to one transfer and is used on the thread of the loop. It writes each piece of decoded text to its
 * sink at once, so its memory is bounded however far a body expands: about 50 KB an encoding, five encodings at most.
 * Its work is bounded too: no encoding takes more than DECODE_BYTES_MOST bytes. */
#ifndef DCV_HTTP_DECODE_H
#define DCV_HTTP_DECODE_H

#include "model/dcv.h"

enum { DECODE_LAYERS_MOST = 5, DECODE_BYTES_MOST = 1 << 20 };

struct decoder;
/* Takes n bytes of decoded text. False: no more is wanted. */
typedef bool decoder_sink(void *user, const uint8_t *p, size_t n);

/* codings: the values of all Content-Encoding fields, with commas between; known: those that are undone, in whatever
 * letter case. Others are left as they are, as the CA's library does. *ret is NULL where nothing is to be undone.
 * 0 or -ENOMEM. */
int decoder_new(const char *codings, const struct texts *known, decoder_sink *sink, void *user, struct decoder **ret);
/* False: no more is wanted, or the body cannot be decoded. */
bool decoder_feed(struct decoder *d, const uint8_t *p, size_t n);
/* After the last byte of the body. NULL, or in words why the body could not be decoded (static). */
const char *decoder_fault(const struct decoder *d, bool ended);
/* The memory of this host did not suffice. */
bool decoder_starved(const struct decoder *d);
void decoder_free(struct decoder *d);

#endif
