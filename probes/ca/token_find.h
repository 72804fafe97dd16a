/* token_find.h - looks for a request token in a text from the network, and says how good it is. Pure; the results are
 * in the arena of the check. */
#ifndef DCV_TOKEN_FIND_H
#define DCV_TOKEN_FIND_H

#include "ca/token.h"

/* The best candidate in a text, the first one among equals. .at is its offset in bytes, .len how many characters of
 * 0-9a-z begin there (64 at most). */
struct token_found {
    enum token_class class;
    size_t at, len;
    dcv_time stamp;       /* MISMATCH, TIME, VALID */
    bool future;          /* TIME: later than now, not too old */
    const char *problem;  /* MALFORMED: what is wrong, in words (static) */
    const char *expected; /* MISMATCH: the token that would be right for its time stamp, NULL where it cannot
                             be computed */
    /* MISMATCH: the variant of the CSR under which the token would be right ("with CRLF line ends", …);
     * NULL: none */
    const char *variant;
};
/* Looks for a request token of r in text, as of r->now. Computed tokens are added to *computed (may be NULL), one for
 * each time stamp; those in r->computed are used where r has no key or no CSR. A token for a variant of the CSR is
 * never added, because it is not the right one. At most 64 tokens are computed for one text, so that a text full of
 * time stamps costs little; later candidates are a MISMATCH without .expected. 0, -ENOMEM, or -EIO. */
int token_find(struct arena *a, const struct request *r, struct bytes text, struct token_found *ret,
               struct texts *computed);

#endif
