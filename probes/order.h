/* order.h - an order's inputs checked before it is placed: the offline codes, and those that the
 * configuration decides. Pure.
 *
 * Sources: the CA's document of codes; RFC 5280 appendix A.1 for lengths; BR 7.1.2.7 for names. */
#ifndef DCV_ORDER_H
#define DCV_ORDER_H

#include "csr.h"

#define ORDER_PRODUCTS(X)                                                                                    \
    X(PRODUCT_TLS, "tls")                                                                                    \
    X(PRODUCT_CLIENT, "client")                                                                              \
    X(PRODUCT_CODE_SIGNING, "code-signing")                                                                  \
    X(PRODUCT_SAFENET_CC, "safenet-cc")                                                                      \
    X(PRODUCT_SAFENET_FIPS, "safenet-fips")
enum product { ORDER_PRODUCTS(DCV_MEMBER) };
bool product_parse(const char *text, enum product *ret);

/* Lists of domains from the section [order] of a configuration; an entry stands for the domain and all below
 * it. */
#define ORDER_LISTS(X)                                                                                       \
    X(allowed_domains)                                                                                       \
    X(disabled_domains)                                                                                      \
    X(protected_domains)                                                                                     \
    X(locked_domains)                                                                                        \
    X(prevalidated_domains)                                                                                  \
    X(validated_email_domains)

/* What is not given is NULL, empty or zero. */
struct order {
    enum product product;
    struct bytes csr, original; /* original: of the order that this one duplicates */
    struct texts names;         /* domains beside those in the CSR */
    const char *common_name;    /* instead of the CSR's */
    const char *organization, *email, *dcv_method;
    struct texts org_units, addresses;
    struct bytes note;
    bool token; /* a token check is asked for */
#define X(list) struct texts list;
    ORDER_LISTS(X)
#undef X
};

struct order_problem {
    struct code_error error;
    const char *field, *value; /* value is escaped */
    const char *what, *fix;    /* a sentence each */
};
struct order_report {
    struct order_problem *problems;
    size_t n;
    struct texts notes;
    bool has_csr;
    struct csr csr;
    struct texts names; /* all names of the order that can be checked, once each */
};

/* 0 or -ENOMEM. */
int order_check(struct arena *a, const struct order *o, struct order_report *ret);
/* Reads the lists from the text of an INI file; other sections are somebody else's. 0, -ENOMEM, or -EINVAL
 * with *line and *key of a key in [order] that is none. */
int order_configure(struct arena *a, const char *text, struct order *o, unsigned *line, const char **key);

#endif
