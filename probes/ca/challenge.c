#include "ca/challenge.h"

#include "ca/profile.h"
#include "ca/token_find.h"

#include <string.h>

bool request_expired(const struct request *r)
{
    return r->token && r->issued != TIME_UNKNOWN && r->now - r->issued > r->profile->random_days * DAY_MS;
}

bool request_has_key(const struct request *r)
{
    return r->auth_key.n || r->auth_key_name || r->computed.v;
}

int challenge_find(struct arena *a, const struct request *r, enum challenge c, struct bytes text,
                   struct texts *computed, struct token_found *ret)
{
    *ret = (struct token_found){.class = TOKEN_NONE};
    switch (c) {
    case CHALLENGE_REQUEST_TOKEN:
        return token_find(a, r, text, ret, computed);
    case CHALLENGE_RANDOM_VALUE:
        if (bytes_find(text, (struct bytes){(const uint8_t *)r->token, strlen(r->token)}) >= 0)
            ret->class = request_expired(r) ? TOKEN_TIME : TOKEN_VALID;
        break;
    case CHALLENGE_NONE:
        break;
    }
    return 0;
}
