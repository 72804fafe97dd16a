/* wire_inner.h - what the files of wire share, and nobody else includes.
 *
 * wire.c reads messages, wire_names.c names and the tables, wire_rdata.c what stands in a record, wire_text.c
 * its zone-file form. All of them read bytes that strangers sent: positions are checked before they are used.
 */
#ifndef DCV_WIRE_INNER_H
#define DCV_WIRE_INNER_H

#include "wire/wire.h"

/* Text of the longest name: 255 bytes, each \DDD, and a NUL. */
enum { NAME_TEXT_MOST = 4 * WIRE_NAME_MOST + 2, RDATA_NAMES_MOST = 2, RDATA_MOST = 65535 };

/* Why bytes could not be read. Filled on failure only. */
struct fault {
    size_t at; /* offset of the byte that is wrong */
    char why[128];
};
/* Notes a fault; always false, so that readers can return it. */
bool fault_set(struct fault *f, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Bytes to read names and records from. Names may use bytes outside of [at, end) through pointers. */
struct span {
    const uint8_t *msg;
    size_t at, end;
    bool pointers; /* false: bare rdata, to which no message belongs */
};

/* An uncompressed name. */
struct wire_name {
    uint8_t len;
    uint8_t p[WIRE_NAME_MOST];
};
/* Reads the name at s->at, spelling out compression, and moves s->at behind it. */
bool wire_name_read(struct span *s, struct wire_name *ret, struct fault *f);
/* The text of an uncompressed and sound name into out; its length without the NUL. */
size_t wire_name_print(const uint8_t *p, size_t len, char out[NAME_TEXT_MOST]);

/* What the rdata of a type consists of: one letter for each field.
 *   b 8 bits, s 16 bits, l 32 bits, t 32 bits shown as a date (RRSIG), y a type, 4 and 6 addresses, n a name,
 *   c a character-string, T one or more of them to the end, P a CAA property (tag length, tag, value) to the
 * end, x hex behind a length byte, z base32hex behind one (NSEC3), B the type bitmap to the end, H hex to the
 * end, K base64 to the end. NULL: a type without a known form. */
const char *rdata_form(uint16_t type);

/* A name in rdata: where it stands, how many bytes it takes there, and what it is. */
struct rdata_name {
    size_t at, used;
    struct wire_name name;
};
/* Walks the rdata in s by its form, to the very end; names (may be NULL) gets the names in it, *n their
 * number. */
bool rdata_walk(const char *form, struct span *s, struct rdata_name names[RDATA_NAMES_MOST], size_t *n,
                struct fault *f);
/* Steps over one field. */
bool rdata_field(char field, struct span *s, struct wire_name *name, struct fault *f);

static inline uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#endif
