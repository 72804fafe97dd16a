#include "ca/token_files.h"

#include "ca/csr.h"
#include "ca/token.h"

#include <string.h>

static bool holds(struct bytes file, const char *text)
{
    return bytes_find(file, (struct bytes){(const uint8_t *)text, strlen(text)}) >= 0;
}

static const char *key_expected(struct arena *a, struct bytes file)
{
    struct csr csr;
    if (csr_private_key(file))
        return "the account's AuthKey; this is a private key";
    if (!csr_read(a, file, &csr) && csr.readable)
        return "the account's AuthKey; this is a certificate signing request, so the two files may be exchanged";
    /* An AuthKey is a word that the CA hands out, never a file of this form. */
    return holds(file, "-----BEGIN ") ? "the account's AuthKey; this is a PEM file of another kind" : NULL;
}

static const char *csr_expected(struct arena *a, struct bytes file)
{
    struct csr csr;
    if (csr_private_key(file))
        return "a certificate signing request, not a private key";
    if (csr_read(a, file, &csr) || csr.readable)
        return NULL;
    const char *text = arena_concat(a, "a certificate signing request; this is none: ", csr.problem, NULL);
    return text ? text : "a certificate signing request";
}

const char *token_file_expected(struct arena *a, enum token_file kind, struct bytes file)
{
    return kind == TOKEN_FILE_KEY ? key_expected(a, file) : csr_expected(a, file);
}
