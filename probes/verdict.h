/* verdict.h - the inside of judge(): what the verdict functions leave for the cause functions. Pure.
 *
 * judge() first finds the code that the CA's API would give (verdict.c, one function per method), then lets
 * each row of causes.def look for itself (causes_*.c, one function per cause), then puts the findings in
 * order. A cause function reads the judgement and calls finding_add(); it never changes the verdict. */
#ifndef DCV_VERDICT_H
#define DCV_VERDICT_H

#include "lookup.h"
#include "token.h"

/* One TXT record that was searched. */
struct txt_value {
    const struct lookup *at;
    const struct rr *rr;
    struct bytes text;        /* character-strings joined */
    bool in_join;             /* random value: it stands in the joined text */
    bool in_one;              /* random value: within one character-string */
    struct token_found token; /* request token */
};

struct txt_view {
    struct lookup at[2]; /* _dnsauth.D, then D */
    struct txt_value *v;
    size_t n;
    const struct txt_value *best; /* the value that decides; NULL where none counts for anything */
    enum token_class class;       /* of the best; random value: VALID, TIME (expired) or NONE */
};

struct judgement {
    const struct request *r;
    const struct evidence *ev;
    struct arena *a;
    struct report *report;
    enum cause input_cause; /* CAUSE_NONE unless the input itself is refused */
    struct txt_view txt;    /* dns-txt-token */
    struct fix spare;       /* what finding_fix() gives where the arena is full: written, never read */
    int err;                /* first error of ours */
};

/* The rules before any probe: true, with the code and the cause, where the input alone decides. */
bool judge_input(const struct request *r, struct code_error *ret, enum cause *cause);

/* The random value is older than the CA accepts (request.issued given). */
bool request_expired(const struct request *r);

/* ---- one per method: settles report.verdict, .error, .detail_code and .reason from the evidence */
void verdict_txt(struct judgement *j);

void verdict_fail(struct judgement *j, enum code code, enum code detail);
void verdict_undecided(struct judgement *j, const char *reason);

/* ---- for cause functions */
/* Adds a finding with the cause's own weight (at most a risk unless the verdict is fail). NULL: arena full.
 */
struct finding *finding_add(struct judgement *j, enum cause c);
struct finding *finding_find(const struct judgement *j, enum cause c);
void finding_set(struct judgement *j, struct finding *f, const char *variable,
                 const char *value); /* fills {variable} */
void finding_fact(struct judgement *j, struct finding *f,
                  const struct fact *fact); /* NULL is ignored, a repetition too */
struct fix *finding_fix(struct judgement *j, struct finding *f,
                        enum fix_op op); /* never NULL: a spare one where the arena is full */

/* One function per row of causes.def. */
#define X(id, ...) void cause_##id(struct judgement *j);
#include "causes.def"
#undef X

#endif
