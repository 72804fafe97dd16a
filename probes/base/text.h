/* text.h - bytes of unknown origin as text for people. Pure.
 *
 * What customers type and what servers send may hold any bytes; none of it is shown on a terminal without
 * text_escape(). A "character" here is one code point of valid UTF-8, or one byte that is not part of valid UTF-8. No
 * state, any thread; results are in the arena. */
#ifndef DCV_TEXT_H
#define DCV_TEXT_H

#include "base/arena.h"

/* The code point at p: its length in bytes (1 to 4), or 0 where the len bytes do not begin with valid UTF-8 (RFC 3629:
 * no overlong form, no surrogate, nothing above U+10FFFF). */
size_t text_utf8(const char *p, size_t len, uint32_t *ret);
/* Controls that can rewrite a line of a terminal or of a log: C0, DEL, C1, line and paragraph separator, and
 * the bidirectional controls. */
bool text_is_control(uint32_t c);
/* White space of any script, line breaks included. */
bool text_is_blank(uint32_t c);
/* How many characters the len bytes hold. */
size_t text_characters(const char *p, size_t len);
/* Bytes for a message to a person: controls and invalid UTF-8 as \xNN. Output of more than most bytes is cut after a
 * whole character or escape, and "…" is appended. NULL where the arena is full. */
char *text_escape(struct arena *a, const char *p, size_t len, size_t most);


/* How many slips of the keyboard lie between two texts of at most TEXT_DISTANCE_MOST bytes each: a byte too many, one
 * that is missing, one in the place of another, or two neighbours exchanged (optimal string alignment). */
enum { TEXT_DISTANCE_MOST = 64 };
size_t text_distance(const char *s, size_t n, const char *t, size_t m);
/* Which of n words a text is meant to be, whatever the letter case: one that begins with it, the nearest that is few
 * slips away, or one that holds it. NULL: none is near. Both are read up to TEXT_DISTANCE_MOST bytes. */
const char *text_meant(const char *text, const char *const *words, size_t n);

/* The texts of a list of X(symbol, "text", …) as one literal: "a, b, c". */
#define TEXT_COMMA(sym, text, ...) ", " text
#define TEXT_LIST(list) (&("" list(TEXT_COMMA))[2])

#endif
