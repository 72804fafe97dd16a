/* csr.h - a certificate signing request (PKCS#10, RFC 2986) from arbitrary bytes, PEM or DER. Pure.
 *
 * All texts are in the arena, end with a NUL and may be shown on a terminal: controls, NULs and bytes that
 * are no UTF-8 are escaped (text_escape). OpenSSL reads the bytes; its queue of errors is the same afterwards
 * as before. */
#ifndef DCV_CSR_H
#define DCV_CSR_H

#include "model/dcv.h"

enum { CSR_MOST = 65536 }; /* bytes of a file; a request with the largest key in use takes a tenth of that */

enum csr_key { CSR_KEY_OTHER, CSR_KEY_RSA, CSR_KEY_EC };

struct csr_field {    /* one attribute of the subject */
    const char *name; /* "CN", "O", "OU", "C", "ST", "L", "street", "postalCode", …, or an OID in numbers */
    const char *value;
    size_t characters; /* characters of the unescaped value: RFC 5280's limits count characters, not bytes */
    bool control;      /* the value holds control characters */
};

struct csr {
    const char *problem; /* why the request cannot be used, as a clause; only .readable is set then. NULL: it can
                            be used */
    bool readable;       /* the bytes are a request, be it one that cannot be used */
    bool der;            /* it is DER; an API that takes text needs PEM */
    enum csr_key key;
    unsigned bits;
    const char *curve;       /* "P-256", …; NULL where the key is no EC key or names no curve */
    const char *key_text;    /* "RSA 2048", "EC P-256" */
    const char *common_name; /* the first common name; NULL without one */
    struct csr_field *subject;
    size_t n_subject;
    struct texts names;       /* DNS names and addresses of the subjectAltName extension, in its order */
    struct texts other_names; /* all other names of that extension, such as "email:ann@example.com" */
};

/* 0, also where the bytes are no usable request (ret->problem is set then); or -ENOMEM. */
int csr_read(struct arena *a, struct bytes file, struct csr *ret);

/* True where a PEM block of a private key begins in the text, whatever the kind of key, in ASCII, UTF-8 or
 * UTF-16. */
bool csr_private_key(struct bytes text);

#endif
