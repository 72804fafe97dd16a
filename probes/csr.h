/* csr.h - a certificate signing request (PKCS#10, RFC 2986) from arbitrary bytes, PEM or DER. Pure, through
 * OpenSSL. */
#ifndef DCV_CSR_H
#define DCV_CSR_H

#include "dcv.h"

enum csr_key { CSR_KEY_OTHER, CSR_KEY_RSA, CSR_KEY_EC };

struct csr_field {    /* one attribute of the subject */
    const char *name; /* "O", "OU", "L", … */
    const char *value;
    size_t characters; /* of the value: RFC 5280's limits count these, not bytes */
};

struct csr {
    const char *problem; /* why it cannot be used, in words; the rest is unset then. NULL: it can */
    enum csr_key key;
    unsigned bits;
    const char *key_text;    /* "RSA 2048", "EC P-256" */
    const char *common_name; /* NULL without one */
    struct csr_field *subject;
    size_t n_subject;
    struct texts names; /* DNS names of the subjectAltName extension */
};

/* 0, with ret->problem set where the bytes are no usable request; or -ENOMEM. */
int csr_read(struct arena *a, struct bytes file, struct csr *ret);

#endif
