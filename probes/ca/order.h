/* order.h - checks the inputs of an order before it is placed: for the codes of class offline, and for those
 * of class policy that the lists of a configuration can show. Pure.
 *
 * The caller fills the order, which stays constant while it is checked; report and order live in the caller's
 * arena. The texts of a report are escaped and may be shown on a terminal. Lengths are in characters.
 *
 * Sources: the CA's document of codes; RFC 5280 appendix A.1 for lengths, RFC 5322 3.4.1 for addresses;
 * BR 7.1.2 for what may stand in a subject. */
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

/* How an order's domains are to be validated: methods of `check`, or ways on which the CA asks a person. */
#define ORDER_CONTACTS(X)                                                                                    \
    X(CONTACT_EMAIL, "email")                                                                                \
    X(CONTACT_PHONE, "phone")
enum order_contact { ORDER_CONTACTS(DCV_MEMBER) CONTACT_COUNT };
struct order_methods {
    unsigned methods;  /* METHOD_BITs */
    unsigned contacts; /* the same of enum order_contact */
};
/* Adds what text names, one or several with commas between. False: something else stands there too, or nothing. */
bool order_methods_parse(const char *text, struct order_methods *ret);

/* Lists of domains from the section [order] of a configuration; an entry stands for the domain and all names
 * below it. An empty list refuses nothing. Only the lists allowed, prevalidated and validated-email refuse
 * names that are not on them. */
#define ORDER_LISTS(X)                                                                                       \
    X(allowed_domains)                                                                                       \
    X(disabled_domains)                                                                                      \
    X(protected_domains)                                                                                     \
    X(locked_domains)                                                                                        \
    X(prevalidated_domains)                                                                                  \
    X(validated_email_domains)

/* Members that are not given are NULL, empty or zero. Texts are as the user typed them. */
struct order {
    enum product product;
    struct bytes csr;
    struct texts names;      /* domains beside those in the CSR */
    const char *common_name; /* used instead of the common name of the CSR */
    const char *organization;
    struct texts org_units, addresses, emails;
    struct bytes note;
    struct order_methods methods; /* all zero: not told */
    bool token; /* the user asks for a search for a token */
    bool probe; /* the names are checked over the network afterwards, so the root is asked about top-level domains */
    dcv_time now; /* when the order is checked; tells how old the public suffix list is, and which rules hold */
    const struct profile *profile; /* the CA's, for the methods that end; NULL: the built-in one */
    /* The order that this one duplicates: its CSR, or its known names. */
    struct bytes original;
    const char *original_common_name;
    struct texts original_names;
#define X(list) struct texts list;
    ORDER_LISTS(X)
#undef X
};

struct order_problem {
    struct code_error error;
    const char *field; /* "csr", "common_name", "domain", "organization", … */
    const char *value; /* NULL where it would show a secret, or nothing was given */
    const char *what,
        *fix; /* one sentence each. what: what is given and what was expected. fix: what to do */
};
struct order_report {
    struct order_problem *problems;
    size_t n;
    /* Sentences about names of which it is not known whether a public CA may be asked for them. */
    struct texts unknown;
    struct texts notes; /* sentences about what is worth knowing but no reason to refuse */
    bool has_csr;
    struct csr csr;       /* set only where has_csr is true */
    struct texts names;   /* the names that can be looked up (for --probe), in A-labels, each once */
    const char *unusable; /* a clause: why the original's CSR cannot be read, so that nothing was compared;
                             else NULL */
};

/* 0 or -ENOMEM. */
int order_check(struct arena *a, const struct order *o, struct order_report *ret);

#endif
