/* challenge.h - the value that proves control: which one a request holds, whether it still counts, whether a text has
 * it. Pure. */
#ifndef DCV_CHALLENGE_H
#define DCV_CHALLENGE_H

#include "ca/token.h"

/* A key is at hand, or its name, or what it would be needed for: the tokens themselves. */
bool request_has_key(const struct request *r);
/* The random value is older than the CA accepts (request.issued given). */
bool request_expired(const struct request *r);

/* What a text holds for the challenge c. A random value makes .class VALID, or TIME where it has expired; of a request
 * token see token_find(), where computed goes, too. 0, -ENOMEM or -EIO. */
int challenge_find(struct arena *a, const struct request *r, enum challenge c, struct bytes text, struct texts *computed,
                   struct token_found *ret);

#endif
