/* codes.h - finds an error code in a text in any spelling. Pure. The list of codes is codes.def.
 *
 * The text comes from outside: from a mail, a log, an API's answer. Its variables may hold any bytes, so escape them
 * before they are shown. What is returned lives in the arena given. */
#ifndef DCV_CODES_H
#define DCV_CODES_H

#include "model/dcv.h"

/* The code in any spelling: with or without variables ("dns_mismatch|shop.example.com",
 * "dns_mismatch|variable"), URL-encoded ("dns_mismatch%7Cshop.example.com"), in upper case, with blanks or
 * quotes around. The most specific row wins ("not_found|order" over "not_found"). variables (may be NULL)
 * gets the texts behind the code, "" where there is none or only a placeholder of the API's document. A code that has
 * no variables gets them too, because people add the domain to any code. CODE_NONE where there is no such code. */
enum code code_find(struct arena *a, const char *text, const char *variables[2]);
/* Writes to ret the codes that resemble text (edit distance and shared words), best first, at most `most` of them.
 * Returns how many. */
size_t code_nearest(const char *text, enum code *ret, size_t most);
/* True where text is the code with a slip or two in it, and not only a text that resembles it. */
bool code_is_slip(const char *text, enum code c);

#endif
