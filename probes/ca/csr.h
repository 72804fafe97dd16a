/* csr.h - a certificate signing request (PKCS#10, RFC 2986) from arbitrary bytes, PEM or DER. Pure.
 *
 * All texts are in the arena, end with a NUL and may be shown on a terminal: what the request holds of
 * controls, NULs and bytes that are no UTF-8 is escaped (text_escape). OpenSSL reads the bytes; its queue of
 * errors is as empty afterwards as it was before. */
#ifndef DCV_CSR_H
#define DCV_CSR_H

#include "model/dcv.h"

enum { CSR_MOST = 65536 }; /* bytes of a file; the largest key in use makes a tenth of it */

enum csr_key { CSR_KEY_OTHER, CSR_KEY_RSA, CSR_KEY_EC };

struct csr_field {    /* one attribute of the subject */
    const char *name; /* "CN", "O", "OU", "C", "ST", "L", "street", "postalCode", …, or an OID in numbers */
    const char *value;
    size_t
        characters; /* of the value as it stands in the request: RFC 5280's limits count these, not bytes */
    bool control;   /* the value holds control characters */
};

struct csr {
    const char *problem; /* why it cannot be used, a clause; the rest is unset then. NULL: it can */
    bool der;            /* it is DER, and an API that takes text wants PEM */
    enum csr_key key;
    unsigned bits;
    const char *curve;       /* "P-256", …; NULL where the key is no EC key or names no curve */
    const char *key_text;    /* "RSA 2048", "EC P-256" */
    const char *common_name; /* the first; NULL without one */
    struct csr_field *subject;
    size_t n_subject;
    struct texts names;       /* DNS names and addresses of the subjectAltName extension, in its order */
    struct texts other_names; /* the rest of it: "email:ann@example.com" */
};

/* 0, with ret->problem set where the bytes are no usable request; or -ENOMEM. */
int csr_read(struct arena *a, struct bytes file, struct csr *ret);

/* A PEM block of a private key begins in the text, whatever its kind and however it is encoded (UTF-16 too).
 */
bool csr_private_key(struct bytes text);

#endif
