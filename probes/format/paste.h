/* paste.h - reads what people paste when something has gone wrong: the error codes, the documented messages
 * and the causes in it, and the domain of each. Pure; any thread.
 *
 * The text may be a code in any spelling, an API's answer in JSON or XML, whole, cut or broken, as Python,
 * JavaScript, a log, a mail or a web page shows it, an order check's answer, or a sentence about one of
 * these. It is scanned and not parsed, so nothing in it is an error, and the time taken is in proportion to
 * its length. */
#ifndef DCV_PASTE_H
#define DCV_PASTE_H

#include "model/dcv.h"

enum {
    PASTE_FOUND_MOST =
        200, /* things of one paste that are told apart; what repeats one of them does not count */
    PASTE_NEAREST = 3
};

#define PASTE_KINDS(X)                                                                                       \
    X(PASTE_CODE, "code")                                                                                    \
    X(PASTE_MESSAGE, "message")                                                                              \
    X(PASTE_CAUSE, "cause")
enum paste_kind { PASTE_KINDS(DCV_MEMBER) };
const char *paste_kind_name(enum paste_kind k);

/* One thing that was found. Its texts come from the paste and may hold any byte but NUL: escape them. */
struct paste_found {
    enum paste_kind kind; /* what it was found by */
    enum code code;       /* CODE_NONE: a cause, or a code that is not known */
    enum cause cause;     /* PASTE_CAUSE */
    const char
        *text; /* as it stands there, without the spelling around it: "dns_mismatch|shop.example.com" */
    const char *name;         /* of a code that is not known: the part of text without variables; else NULL */
    const char *variables[2]; /* of a code; "" where it has none */
    const char *domain;       /* in A-labels, with "*." where it is a wildcard; NULL where none is told */
    bool own_domain;          /* the domain is the code's variable; else it was told beside it */
    enum code near[PASTE_NEAREST]; /* of a code that is not known: what may be meant, best first; CODE_NONE
                                      ends it */
};

/* A name of an order check's answer. */
struct paste_name {
    const char *domain;
    const char *status; /* NULL where the text is cut before it */
    bool validated;
};

struct paste {
    struct paste_found *found;
    size_t n;
    bool more; /* than PASTE_FOUND_MOST */
    /* ---- of an order check's answer, which holds no code */
    bool order_check;
    const char *order_status, *dcv_status; /* NULL where they are not told */
    struct paste_name *names;
    size_t n_names;
    /* ---- of a text in which nothing was found */
    bool empty;              /* it holds blanks only */
    bool binary;             /* it is no text */
    const char *only_domain; /* it is a domain and nothing else; or NULL */
};

/* domain: of what has none of its own, or NULL; it goes before domains that the text tells. What a code names
 * as its variable goes before both. 0 or -ENOMEM. */
int paste_read(struct arena *a, const char *text, size_t len, const char *domain, struct paste *ret);

#endif
