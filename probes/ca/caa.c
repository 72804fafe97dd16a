#include "ca/caa.h"

#include "ca/profile.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const char *const tag_names[] = {
#define ROW(sym, text) [sym] = text,
    CAA_TAGS(ROW)
#undef ROW
};

const char *caa_tag_name(enum caa_tag t)
{
    return tag_names[t];
}

/* The functions of ctype.h depend on the locale, but the grammar is ASCII. */
static bool alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool same_fold(struct bytes b, const char *s)
{
    return b.n == strlen(s) && !strncasecmp((const char *)b.p, s, b.n);
}

static bool same_exact(struct bytes b, const char *s)
{
    return b.n == strlen(s) && !memcmp(b.p, s, b.n);
}

/* ---------------------------------------------------------------- the grammar of a value, RFC 8659 4.2 */

struct scan {
    struct bytes v;
    size_t at;
};

static uint8_t peek(const struct scan *s)
{
    return s->at < s->v.n ? s->v.p[s->at]
                          : 0; /* the grammar has no NUL, so NUL can mean the end */
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->v.n && (s->v.p[s->at] == ' ' || s->v.p[s->at] == '\t'))
        s->at++;
}

/* label = (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT)): hyphens only within. False where there is no label at the
 * position. */
static bool take_label(struct scan *s)
{
    if (!alnum(peek(s)))
        return false;
    size_t end = s->at;
    for (size_t i = s->at; i < s->v.n && (alnum(s->v.p[i]) || s->v.p[i] == '-'); i++)
        if (s->v.p[i] != '-')
            end = i + 1;
    s->at = end;
    return true;
}

static struct bytes since(const struct scan *s, size_t from)
{
    return (struct bytes){s->v.p + from, s->at - from};
}

static bool broken(struct caa_record *r, const struct scan *s, const char *expected)
{
    r->error_at = s->at;
    r->error = expected;
    return false;
}

static bool take_issuer(struct scan *s, struct caa_record *r)
{
    size_t from = s->at;
    if (take_label(s))
        while (peek(s) == '.') {
            s->at++;
            if (!take_label(s))
                return broken(
                    r, s, "a label after the dot; a final dot, an underscore or a hyphen cannot stand here");
        }
    r->issuer = since(s, from);
    skip_blanks(s);
    if (s->at < s->v.n && peek(s) != ';')
        return broken(r, s,
                      r->issuer.n ? "a semicolon or the end after the CA's domain name"
                                  : "the CA's domain name, a semicolon or nothing at all");
    return true;
}

static bool take_parameter(struct scan *s, struct caa_record *r)
{
    size_t from = s->at;
    if (!take_label(s))
        return broken(r, s, "a parameter, NAME=VALUE, with a name of letters, digits and inner hyphens");
    struct bytes tag = since(s, from);
    skip_blanks(s);
    if (peek(s) != '=')
        return broken(r, s, "an equals sign after the parameter's name");
    s->at++;
    skip_blanks(s);
    from = s->at;
    while (s->at < s->v.n && s->v.p[s->at] >= 0x21 && s->v.p[s->at] <= 0x7e && s->v.p[s->at] != ';')
        s->at++;
    if (r->parameters)
        r->parameters[r->n_parameters] = (struct caa_parameter){tag, since(s, from)};
    r->n_parameters++;
    skip_blanks(s);
    if (s->at < s->v.n && peek(s) != ';')
        return broken(
            r, s,
            "a semicolon or the end after the parameter's value; it holds printable ASCII without blanks");
    return true;
}

/* Counts the parameters, and stores them where r->parameters is set. */
static bool read_value(struct caa_record *r)
{
    struct scan s = {.v = r->value};
    r->n_parameters = 0;
    skip_blanks(&s);
    if (!take_issuer(&s, r))
        return false;
    if (s.at == r->value.n)
        return true;
    s.at++; /* parameters may follow the first semicolon, or nothing */
    skip_blanks(&s);
    while (s.at < r->value.n) {
        if (!take_parameter(&s, r))
            return false;
        if (s.at == r->value.n)
            break;
        s.at++; /* a semicolon separates two parameters, so a parameter must follow it */
        skip_blanks(&s);
        if (s.at == r->value.n)
            return broken(r, &s, "another parameter after the semicolon");
    }
    return true;
}

/* Reads the value twice, first to count: it takes memory for the parameters that it has, not for as many as its
 * semicolons suggest. */
bool caa_value_parse(struct arena *a, struct caa_record *r)
{
    r->parameters = NULL;
    bool sound = read_value(r);
    size_t n = sound ? r->n_parameters : 0;
    r->n_parameters = 0;
    if (!n)
        return sound;
    r->parameters = arena_array(a, n, sizeof *r->parameters);
    return r->parameters ? read_value(r)
                         : broken(r, &(struct scan){0}, "less: the memory of one check is used up");
}

/* Counts the sound parameters behind the first semicolon, and stores them where r->parameters is set. */
static void read_sound(struct caa_record *r)
{
    const uint8_t *end = r->value.p + r->value.n, *p = r->value.n ? memchr(r->value.p, ';', r->value.n) : NULL;
    struct caa_record one = {.parameters = r->parameters};
    while (p) {
        p++;
        const uint8_t *next = memchr(p, ';', (size_t)(end - p));
        struct scan s = {.v = {p, (size_t)((next ? next : end) - p)}};
        size_t before = one.n_parameters;
        skip_blanks(&s);
        if (!take_parameter(&s, &one))
            one.n_parameters = before;
        p = next;
    }
    r->n_parameters = one.n_parameters;
}

bool caa_sound_parameters(struct arena *a, struct caa_record *r)
{
    r->parameters = NULL;
    read_sound(r);
    /* One more than there are: what is found to be broken is stored before. */
    r->parameters = arena_array(a, r->n_parameters + 1, sizeof *r->parameters);
    if (r->parameters)
        read_sound(r);
    return r->parameters;
}

/* ---------------------------------------------------------------- parameters, RFC 8657 ---------------- */

/* The tag is compared without regard to case, so that a restriction in other letter case still restricts. */
size_t caa_parameter(const struct caa_record *r, const char *tag, struct bytes *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_parameters; i++)
        if (same_fold(r->parameters[i].tag, tag) && !n++)
            *ret = r->parameters[i].value;
    return n;
}

/* A URI has a scheme (RFC 3986 3.1); the rest is not checked, because the CA compares the whole text. */
static bool is_uri(struct bytes v)
{
    size_t i = 0;
    if (!v.n || !alnum(v.p[0]) || (v.p[0] >= '0' && v.p[0] <= '9'))
        return false;
    while (i < v.n && (alnum(v.p[i]) || v.p[i] == '+' || v.p[i] == '-' || v.p[i] == '.'))
        i++;
    return i < v.n && v.p[i] == ':';
}

/* Whether a parameter is met. OPEN: the request gives nothing to compare it with. */
enum met { MET, UNMET, OPEN };

/* An account parameter of n occurrences with the value v. sound: some account can have this value. */
static enum met account_met(size_t n, bool sound, struct bytes v, const char *ours)
{
    if (!n)
        return MET;
    if (n > 1 || !sound)
        return UNMET;
    if (!ours)
        return OPEN;
    return same_exact(v, ours) ? MET : UNMET;
}

static bool label_meets(struct bytes label, const struct texts *in_use, const struct label_pairs *equal)
{
    for (size_t i = 0; i < in_use->n; i++) {
        if (same_exact(label, in_use->v[i]))
            return true;
        for (size_t k = 0; k < equal->n; k++)
            if (!strcmp(in_use->v[i], equal->v[k].used) && same_exact(label, equal->v[k].met))
                return true;
    }
    return false;
}

static enum met methods_met(const struct caa_record *r, const struct texts *in_use, const struct label_pairs *equal)
{
    struct bytes v = {0};
    size_t n = caa_parameter(r, "validationmethods", &v), from = 0;
    bool met = false;
    if (!n)
        return MET;
    for (size_t i = 0; i <= v.n; i++) {
        if (i < v.n && v.p[i] != ',') {
            if (!alnum(v.p[i]) && v.p[i] != '-')
                return UNMET;
            continue;
        }
        if (i == from)
            return UNMET; /* an empty label makes the whole list malformed, and no request meets it */
        met = met || label_meets((struct bytes){v.p + from, i - from}, in_use, equal);
        from = i + 1;
    }
    if (n > 1)
        return UNMET;
    return met ? MET : in_use->n ? UNMET : OPEN;
}

struct texts caa_methods_in_use(struct arena *a, const struct request *r)
{
    if (r->validation_methods.n)
        return r->validation_methods;
    const struct method_labels *labels = &r->profile->caa_methods;
    struct texts t = {0};
    for (size_t m = 0; m < labels->n; m++) {
        const char *label = labels->v[m].label;
        bool known = !(r->methods & METHOD_BIT(labels->v[m].method));
        for (size_t i = 0; !known && i < t.n; i++)
            known = !strcmp(t.v[i], label);
        if (!known)
            texts_add(a, &t, label);
    }
    return t;
}

const struct texts *caa_issuers(const struct request *r)
{
    return r->issuers.n ? &r->issuers : &r->profile->caa_identifiers;
}

/* ---------------------------------------------------------------- records ---------------------------- */

enum caa_tag caa_tag_for(enum purpose purpose, bool wild)
{
    switch (purpose) {
    case PURPOSE_TLS:
        return wild ? CAA_ISSUEWILD : CAA_ISSUE;
    case PURPOSE_SMIME:
        return CAA_ISSUEMAIL;
    case PURPOSE_VMC:
        return CAA_ISSUEVMC;
    }
    return CAA_ISSUE;
}

const char *caa_requirements(enum purpose purpose)
{
    static const char *const names[] = {[PURPOSE_TLS] = "Baseline Requirements 4.2.2.1",
                                        [PURPOSE_SMIME] = "S/MIME Baseline Requirements 4.2.2.1",
                                        [PURPOSE_VMC] = "Mark Certificate Requirements"};
    return names[purpose];
}

enum {
    TAG_MOST = 20 /* letters of a tag that are compared; every known tag is shorter, in its long spelling, too */
};

/* The letters and digits of a tag in lower case, at most TAG_MOST of them. People write "wildcard" in full where the
 * known tag says "wild". */
static size_t tag_letters(struct bytes tag, char ret[TAG_MOST + 1])
{
    static const char wild[] = "wild", card[] = "card";
    size_t n = 0;
    for (size_t i = 0; i < tag.n && n < TAG_MOST; i++)
        if (alnum(tag.p[i]))
            ret[n++] = (char)(tag.p[i] >= 'A' && tag.p[i] <= 'Z' ? tag.p[i] | 0x20 : tag.p[i]);
    ret[n] = 0;
    char *at = strstr(ret, wild), *rest = at ? at + strlen(wild) : NULL;
    if (!rest || strncmp(rest, card, strlen(card)) != 0)
        return n;
    memmove(rest, rest + strlen(card), strlen(rest + strlen(card)) + 1);
    return n - strlen(card);
}

/* How many letters have to be added, left out, changed, or exchanged with their neighbour to make b of a. */
static unsigned edits(const char *a, size_t n, const char *b, size_t m)
{
    unsigned d[TAG_MOST + 1][TAG_MOST + 1];
    for (size_t i = 0; i <= n; i++)
        for (size_t k = 0; k <= m; k++) {
            if (!i || !k) {
                d[i][k] = (unsigned)(i + k);
                continue;
            }
            unsigned best = d[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
            best = d[i - 1][k] + 1 < best ? d[i - 1][k] + 1 : best;
            best = d[i][k - 1] + 1 < best ? d[i][k - 1] + 1 : best;
            bool turned = i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1];
            d[i][k] = turned && d[i - 2][k - 2] + 1 < best ? d[i - 2][k - 2] + 1 : best;
        }
    return d[n][m];
}

/* "wildissue" for "issuewild", and "wild" alone: what follows "issue" comes first, or stands alone. */
static bool parts_exchanged(const char *got, const char *known)
{
    static const char issue[] = "issue";
    size_t n = strlen(issue);
    if (strncmp(known, issue, n) != 0 || !known[n])
        return false;
    const char *rest = known + n;
    size_t m = strlen(rest);
    return !strncmp(got, rest, m) && (!got[m] || !strcmp(got + m, issue));
}

enum { FAR = 3 }; /* of a tag's distance: it is another word */

/* How many letters the n of got differ by from a known tag, at most FAR. */
static unsigned tag_distance(const char *got, size_t n, const char *known)
{
    enum { SHORT = 5 };
    size_t m = strlen(known);
    if (parts_exchanged(got, known))
        return 0;
    unsigned away = edits(got, n, known, m);
    /* In a short tag two letters that are missing or changed make another word; two that are added do not: "issuers".
     */
    if (away <= (m > SHORT || n > m ? 2u : 1u))
        return away;
    return m > SHORT && !strncmp(got, known, m) ? FAR - 1 : FAR; /* a long one goes on: "issuewildonly" */
}

enum caa_tag caa_tag_near(struct bytes tag)
{
    char got[TAG_MOST + 1];
    size_t n = tag_letters(tag, got);
    enum caa_tag best = CAA_UNKNOWN;
    unsigned least = FAR;
    for (size_t t = 1; t < sizeof tag_names / sizeof *tag_names; t++) {
        if (same_fold(tag, tag_names[t]))
            return CAA_UNKNOWN;
        unsigned away = tag_distance(got, n, tag_names[t]);
        /* Of two that are equally far the longer one is meant: the end of "issuewi" is missing. */
        bool longer = best != CAA_UNKNOWN && strlen(tag_names[t]) > strlen(tag_names[best]);
        if (away >= FAR || away > least || (away == least && !longer))
            continue;
        least = away;
        best = (enum caa_tag)t;
    }
    return best;
}

static void read_record(struct caa_record *r, const struct rr *rr)
{
    *r = (struct caa_record){.rr = rr};
    /* RFC 8659 4.1: flags, tag length, tag, value. An empty tag is illegal too, but it leaves the rest
     * readable. */
    if (rr->rdlen < 2 || rr->rdata[1] > rr->rdlen - 2) {
        r->broken = true;
        return;
    }
    r->flags = rr->rdata[0];
    r->critical = r->flags & 0x80;
    r->tag = (struct bytes){rr->rdata + 2, rr->rdata[1]};
    r->value = (struct bytes){rr->rdata + 2 + r->tag.n, rr->rdlen - 2u - r->tag.n};
    r->legal_tag = r->tag.n > 0;
    for (size_t i = 0; i < r->tag.n; i++)
        r->legal_tag = r->legal_tag && alnum(r->tag.p[i]);
    for (size_t t = 1; t < sizeof tag_names / sizeof *tag_names; t++)
        if (same_fold(r->tag, tag_names[t]))
            r->known = (enum caa_tag)t;
}

static void read_applicable(struct arena *a, const struct request *q, const struct texts *in_use,
                            struct caa_record *r)
{
    r->sound = caa_value_parse(a, r);
    const struct texts *ids = caa_issuers(q);
    for (size_t i = 0; r->sound && i < ids->n && !r->names_us; i++)
        r->names_us = same_fold(r->issuer, ids->v[i]);
    if (!r->names_us)
        return;
    struct bytes own = {0}, uri = {0};
    /* The parameter is that of the profile's CA. */
    size_t n_own = q->ca ? 0 : caa_parameter(r, q->profile->caa_account, &own);
    size_t n_uri = caa_parameter(r, "accounturi", &uri);
    const struct {
        enum caa_unmet parameter;
        enum met met;
    } row[] = {{CAA_ACCOUNT, account_met(n_own, own.n > 0, own, q->caa_account)},
               {CAA_ACCOUNT_URI, account_met(n_uri, is_uri(uri), uri, q->account_uri)},
               {CAA_METHODS, methods_met(r, in_use, &q->profile->caa_equal)}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        if (row[i].met == UNMET) {
            r->unmet = row[i].parameter;
            r->open = 0;
            return;
        }
        if (row[i].met == OPEN) {
            r->unmet = r->open ? r->unmet : row[i].parameter;
            r->open |= CAA_UNMET_BIT(row[i].parameter);
        }
    }
}

/* ---------------------------------------------------------------- the set ---------------------------- */

/* The rules for a complete set, the first that applies decides. Each row has the record that it rests on; NULL: the row
 * does not apply. */
static void decide(struct caa_set *s)
{
    const struct caa_record *critical = NULL, *permits = NULL, *malformed = NULL, *locked = NULL,
                            *unmet = NULL, *first = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct caa_record *r = &s->v[i];
        if (!critical && (r->broken || (r->critical && r->known == CAA_UNKNOWN)))
            critical = r;
        if (!r->applies)
            continue;
        s->n_applicable++;
        if (!first)
            first = r;
        if (!r->sound)
            malformed = malformed ? malformed : r;
        else if (r->names_us && r->unmet == CAA_MET)
            permits = permits ? permits : r;
        else if (r->open)
            s->open = s->open ? s->open : r;
        else if (r->names_us && r->unmet == CAA_ACCOUNT)
            locked = locked ? locked : r;
        else if (r->names_us)
            unmet = unmet ? unmet : r;
    }
    const struct {
        const struct caa_record *r;
        enum code code;
    } table[] = {{critical, CODE_invalid_caa_entry},  {permits, CODE_NONE},
                 {malformed, CODE_invalid_caa_entry}, {locked, CODE_domain_locked},
                 {unmet, CODE_caa_check_failed},      {first, CODE_caa_not_found}};
    s->code = CODE_NONE; /* no applicable value: the set does not restrict */
    if (critical || permits)
        s->open = NULL;
    if (s->open) {
        s->decider = s->open;
        return;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].r) {
            s->decider = table[i].r;
            s->code = table[i].code;
            return;
        }
}

int caa_judge(struct arena *a, const struct request *r, const struct rr *const *rr, size_t n,
              struct caa_set *ret)
{
    struct caa_set s = {.v = arena_array(a, n, sizeof *s.v), .n = n};
    struct texts in_use = caa_methods_in_use(a, r);
    bool wild = false;
    for (size_t i = 0; s.v && i < n; i++) {
        read_record(&s.v[i], rr[i]);
        wild = wild || s.v[i].known == CAA_ISSUEWILD;
    }
    /* As soon as there is any issuewild record, even a malformed one or ";", issuewild decides (RFC 8659 4.3). */
    wild = wild && r->wildcard && r->purpose == PURPOSE_TLS;
    enum caa_tag tag = caa_tag_for(r->purpose, wild);
    for (size_t i = 0; s.v && i < n; i++) {
        struct caa_record *c = &s.v[i];
        c->applies = !c->broken && c->known == tag;
        if (c->applies)
            read_applicable(a, r, &in_use, c);
    }
    if (arena_full(a))
        return -ENOMEM;
    decide(&s);
    *ret = s;
    return 0;
}
