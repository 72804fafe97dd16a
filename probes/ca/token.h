/* token.h - finds, classifies and computes request tokens, and finds random values. Pure; texts are in the arena given.
 *
 * A request token is 14 digits of UTC time (yyyyMMddHHmmss), then HMAC-SHA256(key = AuthKey, message = those 14 digits
 * followed by the CSR text as submitted) as an unsigned big-endian integer in lower-case base 36, left-padded with 0 to
 * 50 characters: 64 in all. Source: the CA's open DCV library. Header of token.c and token_*.c. */
#ifndef DCV_TOKEN_H
#define DCV_TOKEN_H

#include "model/time.h"

enum { TOKEN_LENGTH = 64, TOKEN_STAMP = TIME_STAMP, TOKEN_LOOKALIKE = 20 };

/* What a text holds, the worst first: the best candidate in the text counts. */
#define DCV_TOKEN_CLASSES(X)                                                                                 \
    X(TOKEN_NONE, "none")                                                                                    \
    X(TOKEN_MALFORMED, "malformed")                                                                          \
    X(TOKEN_TIME, "time")                                                                                    \
    X(TOKEN_MISMATCH, "mismatch")                                                                            \
    X(TOKEN_VALID, "valid")
enum token_class { DCV_TOKEN_CLASSES(DCV_MEMBER) };

/* VALID > MISMATCH > TIME > MALFORMED > NONE. */

/* Computes the token for a time stamp of 14 digits into out (64 characters and NUL). 0, or -EINVAL where
 * stamp is not 14 digits, -ENOMEM, or -EIO where libcrypto refuses. */
int token_compute(const char *stamp, struct bytes auth_key, struct bytes csr, char out[TOKEN_LENGTH + 1]);
/* The AuthKey as used for tokens: the file without one final newline (LF or CR LF). */
struct bytes token_key_trim(struct bytes file);

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

/* For random values: offset of the first case-sensitive occurrence of needle in text, or -1; -1 for an empty needle. */
ptrdiff_t bytes_find(struct bytes text, struct bytes needle);
/* True where the text has the form of the CA's random values: 32 characters of 0-9a-z. */
bool token_looks_random(struct bytes text);

#endif
