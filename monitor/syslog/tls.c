#include "syslog/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void say(char *error, size_t error_bytes, const char *key, const char *file)
{
    const char *reason = ERR_reason_error_string(ERR_get_error());
    if (access(file, R_OK) != 0)
        reason = strerror(errno);
    (void)snprintf(error, error_bytes, "tls %s %s: %s", key, file, reason ? reason : "not usable");
    ERR_clear_error();
}

static bool load(SSL_CTX *c, const struct syslog_tls *t, char *error, size_t n)
{
    if (t->ca ? SSL_CTX_load_verify_file(c, t->ca) != 1 : SSL_CTX_set_default_verify_paths(c) != 1) {
        say(error, n, "ca", t->ca ? t->ca : X509_get_default_cert_file());
        return false;
    }
    if (t->key && !t->certificate) {
        (void)snprintf(error, n, "tls key %s: it has no certificate", t->key);
        return false;
    }
    if (!t->certificate)
        return true;
    if (SSL_CTX_use_certificate_chain_file(c, t->certificate) != 1) {
        say(error, n, "certificate", t->certificate);
        return false;
    }
    const char *key = t->key ? t->key : t->certificate; /* one file may hold both */
    if (!t->key && SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1) {
        (void)snprintf(error, n, "tls certificate %s: 'key' is missing, and no key is in this file", key);
        ERR_clear_error();
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(c) != 1) {
        say(error, n, "key", key);
        return false;
    }
    return true;
}

struct ssl_ctx_st *syslog_tls_new(const struct syslog_tls *t, char *error, size_t error_bytes)
{
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    if (!c) {
        (void)snprintf(error, error_bytes, "tls: OpenSSL does not start");
        return NULL;
    }
    (void)SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION); /* RFC 9662 */
    (void)SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    if (load(c, t, error, error_bytes))
        return c;
    SSL_CTX_free(c);
    return NULL;
}
