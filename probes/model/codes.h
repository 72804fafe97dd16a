/* codes.h - looking codes up, however they are written. Pure. The list itself is codes.def.
 *
 * Codes come from outside: from a mail, a log, an API's answer. Their variables may hold any bytes, so escape them before
 * they are shown. */
#ifndef DCV_CODES_H
#define DCV_CODES_H

#include "model/dcv.h"

/* The code in any spelling: with or without variables ("dns_mismatch|shop.example.com",
 * "dns_mismatch|variable"), URL-encoded ("dns_mismatch%7Cshop.example.com"), in upper case, with blanks or
 * quotes around. The most specific row wins ("not_found|order" over "not_found"). variables (may be NULL)
 * gets what stood behind it, "" where nothing did or where it was the document's placeholder; also for a code
 * that has none of its own, for people add the domain to any code. CODE_NONE where there is no such code. */
enum code code_find(struct arena *a, const char *text, const char *variables[2]);
/* Up to most codes nearest to text (edit distance and shared words), best first; how many. */
size_t code_nearest(const char *text, enum code *ret, size_t most);

#endif
