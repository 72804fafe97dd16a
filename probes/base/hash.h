/* hash.h - FNV-1a, the one hash of bytes. Pure, any thread.
 *
 * The hash of a text in several pieces: begin with FNV_START and give each call the result of the one before. The
 * values never change: the results of a batch are found again by them. */
#ifndef DCV_HASH_H
#define DCV_HASH_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t fnv_byte(uint64_t h, uint8_t byte)
{
    return (h ^ byte) * UINT64_C(0x100000001b3);
}

static inline uint64_t fnv(uint64_t h, const void *p, size_t n)
{
    const uint8_t *byte = p;
    for (size_t i = 0; i < n; i++)
        h = fnv_byte(h, byte[i]);
    return h;
}

#endif
