#include "observe/http_tls.h"

#include "wire/name.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <string.h>
#include <uv.h>

/* The system's certificates, read once: to read them for each connection would cost more than the fetch. */
static X509_STORE *system_store;
static atomic_bool system_store_read;

static void store_load(void)
{
    system_store = X509_STORE_new();
    if (system_store)
        X509_STORE_set_default_paths(system_store);
    atomic_store(&system_store_read, true);
}

void tls_prepare(void)
{
    static uv_once_t once = UV_ONCE_INIT;
    uv_once(&once, store_load);
}

bool tls_prepared(void)
{
    return atomic_load(&system_store_read);
}

static const char *name_text(struct arena *a, const X509_NAME *name)
{
    BIO *b = BIO_new(BIO_s_mem());
    const char *text = NULL;
    char *p;
    if (b && X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253) >= 0) {
        long n = BIO_get_mem_data(b, &p);
        text = n >= 0 ? text_escape(a, p, (size_t)n, 300) : NULL;
    }
    BIO_free(b);
    return text;
}

static const char *time_text(struct arena *a, const ASN1_TIME *t)
{
    struct tm tm;
    char text[32];
    if (!ASN1_TIME_to_tm(t, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return NULL;
    return arena_strdup(a, text);
}

static bool for_host(X509 *cert, const char *host)
{
    return name_is_ip(host) ? X509_check_ip_asc(cert, host, 0) == 1
                            : X509_check_host(cert, host, 0, 0, NULL) == 1;
}

/* Why a browser would refuse the certificate; the reasons that its owner can see most easily come first. NULL: it would
 * not. */
static const char *problem(struct arena *a, X509_STORE_CTX *ctx, X509 *cert, const char *host)
{
    if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
        return "it has expired";
    if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
        return "it is not valid yet";
    if (!for_host(cert, host))
        return "it is for another name";
    int err = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    switch (err) {
    case X509_V_OK:
        return NULL;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "it is self-signed";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "its issuer is not known, or an intermediate certificate is missing";
    default:
        return arena_strdup(a, X509_verify_cert_error_string(err));
    }
}

/* Called instead of OpenSSL's verification; returns 1 so that the handshake always continues. */
static int on_chain(X509_STORE_CTX *ctx, void *user)
{
    struct tls_view *v = user;
    X509 *cert = X509_STORE_CTX_get0_cert(ctx);
    const SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_fact *f = arena_alloc(v->a, sizeof *f);
    if (!f || !cert)
        return 1;
    f->version = arena_strdup(v->a, ssl ? SSL_get_version(ssl) : "TLS");
    f->subject = name_text(v->a, X509_get_subject_name(cert));
    f->issuer = name_text(v->a, X509_get_issuer_name(cert));
    f->not_after = time_text(v->a, X509_get0_notAfter(cert));
    f->problem = problem(v->a, ctx, cert, v->host);
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    v->fact = f;
    return 1;
}

void tls_describe(void *ssl_ctx, struct tls_view *view)
{
    tls_prepare();
    if (system_store)
        SSL_CTX_set1_cert_store(ssl_ctx, system_store);
    SSL_CTX_set_cert_verify_callback(ssl_ctx, on_chain, view);
}
