/* order.h - an order's inputs checked before it is placed: the codes of class offline, and those of class
 * policy as far as the lists of a configuration tell. Pure.
 *
 * The order is filled by the caller and constant while it is checked; report and order live in the caller's
 * arena. Every text of a report may be shown on a terminal as it is. Lengths are in characters.
 *
 * Sources: the CA's document of codes; RFC 5280 appendix A.1 for lengths, RFC 5322 3.4.1 for addresses;
 * BR 7.1.2 for what may stand in a subject. Header of order.c and order_*.c. */
#ifndef DCV_ORDER_H
#define DCV_ORDER_H

#include "ca/csr.h"

#define ORDER_PRODUCTS(X)                                                                                    \
    X(PRODUCT_TLS, "tls")                                                                                    \
    X(PRODUCT_CLIENT, "client")                                                                              \
    X(PRODUCT_CODE_SIGNING, "code-signing")                                                                  \
    X(PRODUCT_SAFENET_CC, "safenet-cc")                                                                      \
    X(PRODUCT_SAFENET_FIPS, "safenet-fips")
enum product { ORDER_PRODUCTS(DCV_MEMBER) };
const char *product_name(enum product p);
bool product_parse(const char *text, enum product *ret);

/* How an order's domains are to be validated: a method of `check`, or the CA's email. */
struct order_method {
    bool given, email;
    enum method method; /* where it is not email */
};
bool order_method_parse(const char *text, struct order_method *ret);

/* Lists of domains from the section [order] of a configuration; an entry stands for the domain and all below
 * it. An empty list says nothing: only allowed, prevalidated and validated-email lists refuse what is not on
 * them. */
#define ORDER_LISTS(X)                                                                                       \
    X(allowed_domains)                                                                                       \
    X(disabled_domains)                                                                                      \
    X(protected_domains)                                                                                     \
    X(locked_domains)                                                                                        \
    X(prevalidated_domains)                                                                                  \
    X(validated_email_domains)

/* What is not given is NULL, empty or zero. Texts are as typed. */
struct order {
    enum product product;
    struct bytes csr;
    struct texts names;      /* domains beside those in the CSR */
    const char *common_name; /* instead of the CSR's */
    const char *organization;
    struct texts org_units, addresses, emails;
    struct bytes note;
    struct order_method method;
    bool token; /* a look for a token is asked for */
    /* Of the order that this one duplicates: its CSR, or what is known of it. */
    struct bytes original;
    const char *original_common_name;
    struct texts original_names;
#define X(list) struct texts list;
    ORDER_LISTS(X)
#undef X
};

struct order_problem {
    struct code_error error;
    const char *field;      /* "csr", "common_name", "domain", "organization", … */
    const char *value;      /* NULL where it would show a secret, or nothing was given */
    const char *what, *fix; /* a sentence each: what is and what was expected; what to do */
};
struct order_report {
    struct order_problem *problems;
    size_t n;
    struct texts notes; /* sentences: no reason to refuse, but worth knowing */
    bool has_csr;
    struct csr csr;     /* where has_csr */
    struct texts names; /* the names that can be asked the network about, A-labels, once each: for --probe */
    const char *unusable; /* the original's CSR cannot be read, so nothing could be compared; a clause */
};

/* 0 or -ENOMEM. */
int order_check(struct arena *a, const struct order *o, struct order_report *ret);

/* Reads the lists from the text of an INI file (bytes as they came); other sections are somebody else's. 0,
 * -ENOMEM, or -EINVAL with *why: one line that names the line, the key and what was expected. */
int order_configure(struct arena *a, const char *text, size_t len, struct order *o, const char **why);

#endif
