/* token.h - what random values and request tokens are, and how a token is computed. Pure.
 *
 * A request token is 14 digits of UTC time (yyyyMMddHHmmss), then HMAC-SHA256(key = AuthKey, message = those 14 digits
 * followed by the CSR text as submitted) as an unsigned big-endian integer in lower-case base 36, left-padded with 0 to
 * 50 characters: 64 in all. Source: the CA's open DCV library. */
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

/* Computes the token for a time stamp of 14 digits into out (64 characters and NUL). 0, or -EINVAL where
 * stamp is not 14 digits, -ENOMEM, or -EIO where libcrypto refuses. */
int token_compute(const char *stamp, struct bytes auth_key, struct bytes csr, char out[TOKEN_LENGTH + 1]);
/* The AuthKey as used for tokens: the file without one final newline (LF or CR LF). */
struct bytes token_key_trim(struct bytes file);

/* For random values: offset of the first case-sensitive occurrence of needle in text, or -1; -1 for an empty needle. */
ptrdiff_t bytes_find(struct bytes text, struct bytes needle);
/* True where the text has the form of the CA's random values: 32 characters of 0-9a-z. */
bool token_looks_random(struct bytes text);

#endif
