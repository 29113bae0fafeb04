// libcrypto of OpenSSL 3: the functions for digests, and inline functions for what Swift cannot call
// (variadic functions, macros) or would need many calls for.
#ifndef BELLWETHER_CCRYPTO_SHIM_H
#define BELLWETHER_CCRYPTO_SHIM_H

// OpenSSL marks SHA256_Init and its kind as deprecated. Its newer interface allocates a context for
// each digest, and a digest is computed for each line of the event log.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/objects.h>
#include <openssl/opensslv.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "OpenSSL 3 is needed: libssl-dev, or the Homebrew formula openssl@3"
#endif

// --- Reading certificates -------------------------------------------------------------------------

// The certificate of `count` bytes of DER; NULL if they are anything else. Freed with X509_free.
static inline X509 *ccrypto_certificate(const unsigned char *der, long count) {
    const unsigned char *end = der;
    X509 *certificate = d2i_X509(NULL, &end, count);
    if (certificate != NULL && end != der + count) {
        X509_free(certificate);
        certificate = NULL;
    }
    ERR_clear_error();
    return certificate;
}

// Calls `take` with each subject alternative name that is a DNS name (GEN_DNS), a URI (GEN_URI) or an
// address (GEN_IPADD).
static inline void ccrypto_names(
    const X509 *certificate, void *context,
    void (*take)(void *context, int kind, const unsigned char *bytes, int count)) {
    GENERAL_NAMES *names =
        (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const ASN1_STRING *value = NULL;
        if (name->type == GEN_DNS || name->type == GEN_URI) value = name->d.ia5;
        if (name->type == GEN_IPADD) value = name->d.ip;
        if (value != NULL) {
            take(context, name->type, ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
        }
    }
    GENERAL_NAMES_free(names);
    ERR_clear_error();
}

// Whether the extended key usage names clients or any use (RFC 5280, section 4.2.1.12).
static inline int ccrypto_is_for_clients(const X509 *certificate) {
    EXTENDED_KEY_USAGE *uses =
        (EXTENDED_KEY_USAGE *)X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    int is_for_clients = 0;
    for (int i = 0; i < sk_ASN1_OBJECT_num(uses); i++) {
        int use = OBJ_obj2nid(sk_ASN1_OBJECT_value(uses, i));
        if (use == NID_client_auth || use == NID_anyExtendedKeyUsage) is_for_clients = 1;
    }
    EXTENDED_KEY_USAGE_free(uses);
    ERR_clear_error();
    return is_for_clients;
}

// Whether the names fit: `authority` is the issuer of `certificate`.
static inline int ccrypto_is_issuer(const X509 *authority, const X509 *certificate) {
    return X509_NAME_cmp(X509_get_subject_name(authority), X509_get_issuer_name(certificate)) == 0;
}

// Whether the key of `authority` made the signature of `certificate`.
static inline int ccrypto_is_signed(X509 *certificate, const X509 *authority) {
    EVP_PKEY *key = X509_get0_pubkey(authority);
    int is_signed = key != NULL && X509_verify(certificate, key) == 1;
    ERR_clear_error();
    return is_signed;
}

// --- Making a certificate --------------------------------------------------------------------------

// A new key of the curve P-256; NULL on failure. Freed with EVP_PKEY_free.
static inline EVP_PKEY *ccrypto_p256_key(void) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", (char *)"P-256");
}

// Adds a subject alternative name of the kind GEN_DNS or GEN_IPADD. Returns 1 on success.
static inline int ccrypto_add_name(
    GENERAL_NAMES *names, int kind, const unsigned char *bytes, int count) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value =
        ASN1_STRING_type_new(kind == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    if (name == NULL || value == NULL || ASN1_STRING_set(value, bytes, count) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return 0;
    }
    // `name` owns `value` from here on.
    GENERAL_NAME_set0_value(name, kind, value);
    if (sk_GENERAL_NAME_push(names, name) <= 0) {
        GENERAL_NAME_free(name);
        return 0;
    }
    return 1;
}

static inline int ccrypto_extend(X509 *certificate, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
    int is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

// A server's certificate that `key` signs itself, valid between two times in seconds since 1970, with a
// random serial number of 20 bytes; NULL on failure. Freed with X509_free.
static inline X509 *ccrypto_self_signed(
    EVP_PKEY *key, const char *common_name, GENERAL_NAMES *names, int64_t begin, int64_t end) {
    X509 *certificate = X509_new();
    X509_NAME *name = X509_NAME_new();
    BIGNUM *serial = BN_new();
    int is_made = certificate != NULL && name != NULL && serial != NULL &&
        X509_set_version(certificate, X509_VERSION_3) == 1 &&
        BN_rand(serial, 159, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
        BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)begin) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)end) != NULL &&
        X509_NAME_add_entry_by_txt(
            name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) == 1 &&
        X509_set_subject_name(certificate, name) == 1 &&
        X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
        ccrypto_extend(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
        ccrypto_extend(certificate, NID_key_usage, "critical,digitalSignature") &&
        ccrypto_extend(certificate, NID_ext_key_usage, "serverAuth") &&
        X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1 &&
        X509_sign(certificate, key, EVP_sha256()) > 0;
    X509_NAME_free(name);
    BN_free(serial);
    if (!is_made) {
        X509_free(certificate);
        certificate = NULL;
    }
    return certificate;
}

// The text in `bio`, which is freed; NULL if there is none. Freed with free.
static inline char *ccrypto_text(BIO *bio) {
    char *data = NULL;
    long count = bio == NULL ? 0 : BIO_get_mem_data(bio, &data);
    char *text = count > 0 ? strndup(data, (size_t)count) : NULL;
    BIO_free(bio);
    return text;
}

// The certificate in PEM; NULL on failure. Freed with free.
static inline char *ccrypto_certificate_pem(X509 *certificate) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL && PEM_write_bio_X509(bio, certificate) != 1) {
        BIO_free(bio);
        return NULL;
    }
    return ccrypto_text(bio);
}

// The key in PEM (PKCS #8, not encrypted); NULL on failure. Freed with free.
static inline char *ccrypto_key_pem(EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(bio);
        return NULL;
    }
    return ccrypto_text(bio);
}

#endif
