/* redact.h - leaves the random value out of a text for people, in whatever spelling it is shown. Pure.
 *
 * json_redact.h does that for what programs read and replay judges again, where each record keeps its form.
 * Here the text is the finished one, and the value may stand in it whole or cut, in other letter case, split
 * into character-strings, escaped for a zone file, a shell, a URL or HTML. */
#ifndef DCV_REDACT_H
#define DCV_REDACT_H

#include "model/dcv.h"

/* The text with each piece of at least eight characters of the token replaced by "redacted"; a shorter token
 * is replaced where it stands whole. Pieces that are part of a name in `keep` (texts, up to NULL) stay: a
 * value may contain the domain. text ends with a NUL. In the arena; NULL: it is full. */
char *redact_shown(struct arena *a, const char *token, const char *const *keep, const char *text);

#endif
