#include "fix.h"

#include "profile.h"
#include "wire.h"

#include <errno.h>
#include <string.h>

/* The token for a time stamp: computed with the key, or found among those that a case file brought along. */
static const char *token_for(struct judgement *j, const char *stamp)
{
    const struct request *r = j->r;
    if (r->auth_key.n && r->csr.n) {
        char *token = arena_alloc(j->a, TOKEN_LENGTH + 1);
        if (!token || token_compute(stamp, r->auth_key, r->csr, token))
            return NULL;
        struct texts *known = &j->report->tokens;
        for (size_t i = 0; i < known->n; i++)
            if (!strcmp(known->v[i], token))
                return token;
        return texts_add(j->a, known, token) ? token : NULL;
    }
    for (size_t i = 0; i < r->computed.n; i++)
        if (!strncmp(r->computed.v[i], stamp, TOKEN_STAMP)) {
            texts_add(j->a, &j->report->tokens, r->computed.v[i]);
            return r->computed.v[i];
        }
    return NULL;
}

const char *fix_value(struct judgement *j)
{
    switch (j->report->challenge) {
    case CHALLENGE_RANDOM_VALUE:
        return request_expired(j->r) ? NULL : j->r->token;
    case CHALLENGE_REQUEST_TOKEN: {
        char stamp[TOKEN_STAMP + 1];
        token_stamp(j->r->now, stamp);
        return token_for(j, stamp);
    }
    case CHALLENGE_NONE:
        return NULL;
    }
    return NULL;
}

const char *fix_txt_rdata(struct judgement *j, const char *text)
{
    size_t n = strlen(text), strings = n ? (n + 254) / 255 : 1;
    uint8_t *p = arena_alloc(j->a, n + strings);
    if (!p)
        return NULL;
    struct rr rr = {.type = RR_TXT, .rdata = p, .rdlen = (uint16_t)(n + strings)};
    for (size_t i = 0; i < strings; i++) {
        size_t len = n - i * 255 < 255 ? n - i * 255 : 255;
        *p++ = (uint8_t)len;
        memcpy(p, text + i * 255, len);
        p += len;
    }
    return rr_rdata_text(j->a, &rr);
}

void fix_new_value(struct judgement *j, struct finding *f)
{
    bool random = j->report->challenge == CHALLENGE_RANDOM_VALUE;
    struct fix *x = finding_fix(j, f, FIX_INPUT);
    x->argument = random ? "token" : "auth_key_file";
    x->value = "";
    x->text =
        random
            ? "Get a new random value for the order and publish that."
            : "Compute a new request token from the AuthKey and the CSR (dcvprobe token) and publish that.";
}

void fix_publish_txt(struct judgement *j, struct finding *f)
{
    const char *value = fix_value(j);
    if (!value) {
        fix_new_value(j, f);
        return;
    }
    struct fix *x = finding_fix(j, f, FIX_ADD);
    x->owner = arena_printf(j->a, "%s.%s.", j->r->profile->txt_label, j->r->adn);
    x->ttl = FIX_TTL;
    x->type = "TXT";
    x->rdata = fix_txt_rdata(j, value);
}

void fix_replace_txt(struct judgement *j, struct finding *f, const struct rr *rr)
{
    const char *value = fix_value(j);
    if (!value) {
        fix_new_value(j, f);
        return;
    }
    struct fix *x = finding_fix(j, f, FIX_REPLACE);
    x->owner = rr->owner;
    x->ttl = rr->ttl < FIX_TTL ? rr->ttl : FIX_TTL;
    x->type = "TXT";
    x->old_rdata = rr_rdata_text(j->a, rr);
    x->rdata = fix_txt_rdata(j, value);
}

void fix_advice(struct judgement *j, struct finding *f, const char *text)
{
    finding_fix(j, f, FIX_ADVICE)->text = text;
}
