/* answer.h - which call of the CA's API answers with a code, and what the check of a whole order shows instead. Pure.
 *
 * answers.def has the call of each code, the profile its method and path. Plain values; the texts are the profile's. */
#ifndef DCV_ANSWER_H
#define DCV_ANSWER_H

#include "ca/profile.h"

/* CALL_ORDER places an order. CALL_ISSUE is the same call with a request token: the order is issued at once or refused.
 * CALL_DOMAIN_CHECK checks one domain. */
enum ca_call { CALL_NONE, CALL_ORDER, CALL_ISSUE, CALL_DOMAIN_CHECK };

struct answer {
    enum ca_call kind;
    const char *call;      /* method and path, with capitals for what differs: "PUT domain/ID/check" */
    int status;            /* HTTP, with the code */
    enum code_basis basis; /* how certain it is that the code is this call's */
    /* The check of a whole order; NULL: it does not come to this code, or that is not known. */
    const char *order_call;
    int order_status;    /* HTTP: 200 without the code, or that of the code */
    const char *pending; /* with 200: what stands there as the state of the order and of the name; else NULL */
};

/* False: it is not known which call answers with the code, or the CA has no such call. m: the method of the check that
 * came to the code, or by which it is reproduced. */
bool answer_of(const struct profile *p, enum code c, enum method m, struct answer *ret);

#endif
