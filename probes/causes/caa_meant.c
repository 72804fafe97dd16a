#include "causes/caa_meant.h"

#include "ca/altered.h"
#include "ca/profile.h"
#include "ca/public_cas.h"
#include "wire/wire.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct rr *caa_record_of(struct arena *a, const char *tag, const char *value, uint8_t flags)
{
    size_t n_tag = strlen(tag), n_value = strlen(value);
    uint8_t *p = n_tag + n_value < UINT16_MAX - 2 ? arena_alloc(a, 2 + n_tag + n_value) : NULL;
    struct rr *rr = p ? arena_alloc(a, sizeof *rr) : NULL;
    if (!rr)
        return NULL;
    p[0] = flags;
    p[1] = (uint8_t)n_tag;
    memcpy(p + 2, tag, n_tag);
    memcpy(p + 2 + n_tag, value, n_value);
    *rr = (struct rr){.owner = ".", .type = RR_CAA, .class = 1, .rdata = p, .rdlen = (uint16_t)(2 + n_tag + n_value)};
    return rr;
}

struct rr *caa_retagged(struct judgement *j, const struct caa_record *r, enum caa_tag tag)
{
    const char *value = r->value.n <= CAA_VALUE_MOST ? arena_strndup(j->a, r->value.p, r->value.n) : NULL;
    /* A value with a NUL is no text, and would be cut there. */
    struct rr *rr = value && !memchr(r->value.p, 0, r->value.n)
                        ? caa_record_of(j->a, caa_tag_name(tag), value, r->flags)
                        : NULL;
    if (rr)
        rr->owner = r->rr->owner;
    return rr;
}

enum code caa_code_with(struct judgement *j, const struct rr *const *rr, size_t n)
{
    enum { FIRST = 2048, MOST = 8 << 20 }; /* bytes for what is read, which goes again */
    alignas(max_align_t) unsigned char first[FIRST];
    struct arena *a = arena_over(first, sizeof first, MOST);
    struct caa_set set;
    enum code code = caa_judge(a, j->r, rr, n, &set) ? CODE_caa_not_found : set.code;
    arena_free(a);
    return code;
}

/* ---------------------------------------------------------------- values with a mistake -------------- */

/* The beginning of a text in lower case; if bare, without what is no letter or digit. */
static struct bytes folded(struct arena *a, struct bytes v, bool bare)
{
    size_t n = 0, most = v.n < CAA_VALUE_MOST ? v.n : CAA_VALUE_MOST;
    uint8_t *p = arena_alloc(a, most + 1);
    for (size_t i = 0; p && i < most; i++) {
        uint8_t c = v.p[i] >= 'A' && v.p[i] <= 'Z' ? v.p[i] | 0x20 : v.p[i];
        if (!bare || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            p[n++] = c;
    }
    return (struct bytes){p, n};
}

static bool same_bytes(struct bytes a, struct bytes b)
{
    return a.n && a.n == b.n && !memcmp(a.p, b.p, a.n);
}

/* The names of this CA: its identifiers, each of them without its last label, that in letters and digits alone, and
 * last of these the CA's own name. */
struct ca_names {
    struct bytes *id, *brand, *word;
    size_t n;
};

static bool read_names(struct judgement *j, struct ca_names *ret)
{
    const struct texts *ids = caa_issuers(j->r);
    const char *name = j->r->ca ? j->r->ca : j->r->profile->name;
    *ret = (struct ca_names){arena_array(j->a, ids->n, sizeof *ret->id), arena_array(j->a, ids->n, sizeof *ret->brand),
                             arena_array(j->a, ids->n + 1, sizeof *ret->word), ids->n};
    if (!ret->id || !ret->brand || !ret->word)
        return false;
    for (size_t i = 0; i < ids->n; i++) {
        struct bytes id = {(const uint8_t *)ids->v[i], strlen(ids->v[i])};
        const uint8_t *dot = memrchr(id.p, '.', id.n);
        ret->id[i] = id;
        ret->brand[i] = (struct bytes){id.p, dot ? (size_t)(dot - id.p) : 0};
        ret->word[i] = folded(j->a, ret->brand[i], true);
    }
    ret->word[ids->n] = folded(j->a, (struct bytes){(const uint8_t *)name, strlen(name)}, true);
    return true;
}

/* What is wrong with a value that was meant for this CA; NULL where it was not. */
static const char *typo(struct arena *a, const struct caa_record *r, const struct ca_names *ca)
{
    enum { WORD_LEAST = 5 }; /* letters; a shorter word occurs within others */
    struct bytes value = folded(a, r->value, false), letters = folded(a, r->value, true);
    for (size_t i = 0; !r->sound && i < ca->n; i++)
        if (bytes_find(value, ca->id[i]) >= 0)
            return "holds more than the CA's domain name and parameters may";
    const char *near = r->value.n > CAA_VALUE_MOST ? NULL : altered_any(r->value, ca->id, ca->n);
    for (size_t i = 0; !near && r->sound && i < ca->n; i++)
        if (r->issuer.n && r->issuer.n == ca->brand[i].n &&
            !strncasecmp((const char *)r->issuer.p, (const char *)ca->brand[i].p, r->issuer.n))
            near = "lacks the last label";
    for (size_t i = 0; !near && i <= ca->n; i++) {
        struct bytes word = ca->word[i];
        if (same_bytes(letters, word) || (!r->sound && word.n >= WORD_LEAST && bytes_find(letters, word) >= 0))
            near = "is a name of the CA and not its domain name";
    }
    return near;
}

const struct caa_record *caa_mistyped(struct judgement *j, const char **what)
{
    struct ca_names ca;
    if (!read_names(j, &ca))
        return NULL;
    for (size_t i = 0; i < j->caa.set.n; i++) {
        const struct caa_record *r = &j->caa.set.v[i];
        *what = r->applies ? typo(j->a, r, &ca) : NULL;
        if (*what)
            return r;
    }
    return NULL;
}

/* ---------------------------------------------------------------- values that list several ----------- */

/* The CAs that a value lists beside this one, and its parameters, each with a semicolon before it. */
struct listed {
    struct judgement *j;
    struct ca_names ours;
    struct texts others;
    const char *parameters;
};

/* A word without what people copy along with a name: a scheme, a web host and a path, quotes, a final dot. */
static char *bare_word(char *word)
{
    static const char www[] = "www.";
    char *scheme = strstr(word, "://");
    word = scheme ? scheme + 3 : word;
    if (!strncasecmp(word, www, sizeof www - 1))
        word += sizeof www - 1;
    while (*word == '"' || *word == '\'')
        word++;
    word[strcspn(word, "/\"'")] = 0;
    for (size_t n = strlen(word); n && word[n - 1] == '.';)
        word[--n] = 0;
    return word;
}

/* The identifier of the public CA with this name; NULL: no CA is called so. */
static const char *identifier_of(const char *brand)
{
    for (size_t i = 0; i < public_cas_n; i++) {
        const struct public_ca *ca = &public_cas[i];
        bool is = !strcasecmp(ca->name, brand);
        for (size_t k = 0; k < ca->aliases.n; k++)
            is = is || !strcasecmp(ca->aliases.v[k], brand);
        if (is && ca->identifiers.n)
            return ca->identifiers.v[0];
    }
    return NULL;
}

static bool is_ours(const struct listed *l, const struct caa_record *word)
{
    for (size_t i = 0; i < l->ours.n; i++)
        if (l->ours.id[i].n == word->value.n &&
            !strncasecmp((const char *)l->ours.id[i].p, (const char *)word->value.p, word->value.n))
            return true;
    return typo(l->j->a, word, &l->ours);
}

static void take_word(struct listed *l, char *word)
{
    struct arena *a = l->j->a;
    if (strchr(word, '=')) {
        const char *alone = arena_concat(a, ";", word, NULL);
        struct caa_record r = {.value = {(const uint8_t *)alone, alone ? strlen(alone) : 0}};
        const char *all = alone && caa_value_parse(a, &r) ? arena_concat(a, l->parameters, "; ", word, NULL) : NULL;
        l->parameters = all ? all : l->parameters;
        return;
    }
    word = bare_word(word);
    struct caa_record r = {.value = {(const uint8_t *)word, strlen(word)}};
    r.sound = caa_value_parse(a, &r);
    if (!*word || is_ours(l, &r))
        return;
    const char *other = r.sound && strchr(word, '.') ? word : identifier_of(word);
    if (other && !texts_have(&l->others, other))
        texts_add(a, &l->others, other);
}

size_t caa_meant_records(struct judgement *j, const struct caa_record *r, const struct rr *ret[CAA_LISTED_MOST])
{
    struct listed l = {.j = j, .parameters = ""};
    char *text = r->value.n <= CAA_VALUE_MOST ? arena_strndup(j->a, r->value.p, r->value.n) : NULL, *rest = text;
    if (!text || !read_names(j, &l.ours))
        return 0;
    for (char *word; (word = strtok_r(rest, ";, \t", &rest)) != NULL;)
        take_word(&l, word);
    const char *tag = caa_tag_name(r->known), *ca = caa_issuers(j->r)->v[0];
    size_t n = 0;
    for (size_t i = 0; i <= l.others.n && n < CAA_LISTED_MOST; i++) {
        const char *value = arena_concat(j->a, i ? l.others.v[i - 1] : ca, l.parameters, NULL);
        ret[n] = value ? caa_record_of(j->a, tag, value, r->flags) : NULL;
        if (!ret[n++])
            return 0;
    }
    return l.others.n < CAA_LISTED_MOST ? n : 0;
}

/* ---------------------------------------------------------------- parameters ------------------------- */

static const char *tag_of(const struct judgement *j, enum caa_unmet parameter)
{
    return parameter == CAA_METHODS ? "validationmethods"
           : parameter == CAA_ACCOUNT_URI ? "accounturi" : j->r->profile->caa_account;
}

static bool has_tag(const struct caa_parameter *p, const char *tag)
{
    return p->tag.n == strlen(tag) && !strncasecmp((const char *)p->tag.p, tag, p->tag.n);
}

/* The labels of all lists of the record, those that are labels, and the one in use. */
static const char *longer_list(struct judgement *j, const struct caa_record *r)
{
    struct texts in_use = caa_methods_in_use(j->a, j->r);
    const char *all = "";
    for (size_t i = 0; i < r->n_parameters && all; i++) {
        const struct bytes v = r->parameters[i].value;
        char *rest = has_tag(&r->parameters[i], "validationmethods") ? arena_strndup(j->a, v.p, v.n) : NULL;
        for (char *label; rest && all && (label = strtok_r(rest, ",", &rest)) != NULL;) {
            size_t n = strlen(label);
            if (n == strspn(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"))
                all = arena_concat(j->a, all, label, ",", NULL);
        }
    }
    return in_use.n && all ? arena_concat(j->a, all, in_use.v[0], NULL) : NULL;
}

/* The record with one parameter as the request meets it. */
static const struct rr *with_met(struct judgement *j, const struct caa_record *r, const char *tag)
{
    const char *ours = r->unmet == CAA_METHODS       ? longer_list(j, r)
                       : r->unmet == CAA_ACCOUNT_URI ? j->r->account_uri
                                                     : j->r->caa_account;
    const char *text = arena_strndup(j->a, r->issuer.p, r->issuer.n);
    bool done = false;
    for (size_t i = 0; i < r->n_parameters && text && ours; i++) {
        const struct caa_parameter *p = &r->parameters[i];
        bool this = has_tag(p, tag);
        const char *value = this ? ours : arena_strndup(j->a, p->value.p, p->value.n),
                   *name = arena_strndup(j->a, p->tag.p, p->tag.n);
        if (!(this && done))
            text = value && name ? arena_concat(j->a, text, "; ", name, "=", value, NULL) : NULL;
        done = done || this;
    }
    return text && ours ? caa_record_of(j->a, caa_tag_name(r->known), text, r->flags) : NULL;
}

const struct rr *caa_with_ours(struct judgement *j, const struct rr *rr, bool *account)
{
    *account = false;
    for (unsigned left = CAA_METHODS + 1; rr && left; left--) {
        struct caa_set set;
        if (rr->rdlen > CAA_VALUE_MOST || caa_judge(j->a, j->r, &rr, 1, &set))
            return NULL;
        const struct caa_record *r = set.v;
        if (!r->sound || !r->names_us || r->unmet == CAA_MET)
            return r->sound && r->names_us ? rr : NULL;
        *account = *account || r->unmet != CAA_METHODS;
        rr = with_met(j, r, tag_of(j, r->unmet));
    }
    return NULL;
}
