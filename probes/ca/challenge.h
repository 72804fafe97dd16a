/* challenge.h - the value that proves control: which kind a request has, whether it is still valid, whether a text
 * contains it. Pure. */
#ifndef DCV_CHALLENGE_H
#define DCV_CHALLENGE_H

#include "ca/token_find.h"

/* True where the request has the AuthKey, the name of the key, or tokens that were already computed with it. */
bool request_has_key(const struct request *r);
/* True where the random value is older than the CA accepts; false where request.issued is not given. */
bool request_expired(const struct request *r);

/* What a text holds for the challenge c. For a random value .class is VALID, or TIME where the value has expired. For a
 * request token see token_find(), which also gets computed. 0, -ENOMEM or -EIO. */
int challenge_find(struct arena *a, const struct request *r, enum challenge c, struct bytes text,
                   struct texts *computed, struct token_found *ret);

#endif
