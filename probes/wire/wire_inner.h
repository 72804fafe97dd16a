/* wire_inner.h - what the files of wire share. No other file includes it.
 *
 * wire.c reads messages; wire_names.c reads names and holds the tables of types, rcodes and extended errors;
 * wire_rdata.c reads the data of records, wire_text.c their zone-file form. The structs are plain values on the stack
 * of one call; spans point into the message and do not own it. All bytes come from strangers: each position is checked
 * before it is used. */
#ifndef DCV_WIRE_INNER_H
#define DCV_WIRE_INNER_H

#include "base/be.h"
#include "wire/wire.h"

/* Text of the longest name: 255 bytes, each \DDD, and a NUL. */
enum { NAME_TEXT_MOST = 4 * WIRE_NAME_MOST + 2, RDATA_NAMES_MOST = 2, RDATA_MOST = 65535 };

/* Why bytes could not be read. Written on failure only. */
struct fault {
    size_t at; /* offset of the byte that is wrong */
    char why[128];
};
/* Fills f. Always returns false, so that a reader can return its result. */
bool fault_set(struct fault *f, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The bytes of msg that are still to be read. Compression pointers of names may lead outside of [at, end). */
struct span {
    const uint8_t *msg;
    size_t at, end;
    bool pointers; /* false: rdata without a message; a pointer is a fault */
};

/* An uncompressed name. */
struct wire_name {
    uint8_t len;
    uint8_t p[WIRE_NAME_MOST];
};
/* Reads the name at s->at, follows its compression pointers, and moves s->at behind it. */
bool wire_name_read(struct span *s, struct wire_name *ret, struct fault *f);
/* Writes the text of a name that wire_name_read() accepted; returns its length without the NUL. */
size_t wire_name_print(const uint8_t *p, size_t len, char out[NAME_TEXT_MOST]);

/* What the rdata of a type consists of: one letter for each field.
 *   b 8 bits, s 16 bits, l 32 bits, t 32 bits shown as a date (RRSIG), y a type, 4 and 6 addresses, n a name,
 *   c a character-string, x hex after a length byte, z base32hex after a length byte (NSEC3);
 *   up to the end of the rdata: T one or more character-strings, P a CAA property (tag length, tag, value),
 *   B the bitmap of types, H hex, K base64.
 * NULL: a type without a known form. */
const char *rdata_form(uint16_t type);

/* A name in rdata: its offset, how many bytes it takes there, and the name uncompressed. */
struct rdata_name {
    size_t at, used;
    struct wire_name name;
};
/* Checks the rdata in s by its form, which must end where s ends. names (may be NULL) gets the names in it, *n their
 * number. */
bool rdata_walk(const char *form, struct span *s, struct rdata_name names[RDATA_NAMES_MOST], size_t *n,
                struct fault *f);
/* Moves s behind one field; name gets it where the field is a name. */
bool rdata_field(char field, struct span *s, struct wire_name *name, struct fault *f);

#endif
