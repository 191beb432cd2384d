#include "tests/support/certificates.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/check.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

static void check(int code)
{
    if (code < 0) {
        (void)fprintf(stderr, "certificates: %s\n", gnutls_strerror(code));
        abort();
    }
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "we");
    QVT_ASSERT(file != NULL && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

void certificates_init(struct certificates *certificates)
{
    certificates->count = 0;
    (void)snprintf(certificates->folder, sizeof(certificates->folder), "/tmp/qvt-certificates-XXXXXX");
    QVT_ASSERT(mkdtemp(certificates->folder) != NULL);
}

static void next_path(struct certificates *certificates, char path[CERTIFICATES_PATH_MAX + 16])
{
    (void)snprintf(path, CERTIFICATES_PATH_MAX + 16, "%s/%u.pem", certificates->folder, ++certificates->count);
}

void certificates_deinit(struct certificates *certificates)
{
    unsigned made = certificates->count;
    char path[CERTIFICATES_PATH_MAX + 16];
    certificates->count = 0;
    while (certificates->count < made) {
        next_path(certificates, path);
        (void)unlink(path);
    }
    QVT_ASSERT(rmdir(certificates->folder) == 0);
}

void certificates_write(struct certificates *certificates, char path[CERTIFICATES_PATH_MAX + 16], const char *content)
{
    next_path(certificates, path);
    write_file(path, content, strlen(content));
}

static gnutls_datum_t read_file(const char *path)
{
    gnutls_datum_t content = {NULL, 0};
    check(gnutls_load_file(path, &content));
    return content;
}

static void set_names(gnutls_x509_crt_t certificate, const struct certificate_facts *facts)
{
    for (size_t i = 0; i < 4 && facts->dns[i] != NULL; i++) {
        check(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, facts->dns[i],
                                                   (unsigned)strlen(facts->dns[i]), GNUTLS_FSAN_APPEND));
    }
    for (size_t i = 0; i < 4 && facts->uris[i] != NULL; i++) {
        check(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_URI, facts->uris[i],
                                                   (unsigned)strlen(facts->uris[i]), GNUTLS_FSAN_APPEND));
    }
    if (facts->address != NULL) {
        struct in_addr address;
        QVT_ASSERT(inet_pton(AF_INET, facts->address, &address) == 1);
        check(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, &address, sizeof(address),
                                                   GNUTLS_FSAN_APPEND));
    }
}

static void describe(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const struct certificate_facts *facts,
                     unsigned serial)
{
    time_t now = time(NULL);
    const uint8_t number[] = {1, (uint8_t)(serial >> 8), (uint8_t)serial};
    check(gnutls_x509_crt_set_version(certificate, 3));
    check(gnutls_x509_crt_set_key(certificate, key));
    check(gnutls_x509_crt_set_serial(certificate, number, sizeof(number)));
    if (facts->common_name != NULL) {
        check(gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, facts->common_name,
                                            (unsigned)strlen(facts->common_name)));
    }
    check(gnutls_x509_crt_set_activation_time(certificate, now + (facts->from_s == 0 ? -HOUR_S : facts->from_s)));
    check(gnutls_x509_crt_set_expiration_time(certificate, now + (facts->until_s == 0 ? DAY_S : facts->until_s)));
    check(gnutls_x509_crt_set_basic_constraints(certificate, facts->is_authority != 0, -1));
    if (facts->is_authority != 0) {
        check(gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
    }
    set_names(certificate, facts);
}

static void sign(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const struct certificate_files *authority)
{
    if (authority == NULL) {
        check(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0));
        return;
    }
    gnutls_x509_crt_t issuer = NULL;
    gnutls_x509_privkey_t issuer_key = NULL;
    gnutls_datum_t certificate_text = read_file(authority->certificate);
    gnutls_datum_t key_text = read_file(authority->key);
    check(gnutls_x509_crt_init(&issuer));
    check(gnutls_x509_privkey_init(&issuer_key));
    check(gnutls_x509_crt_import(issuer, &certificate_text, GNUTLS_X509_FMT_PEM));
    check(gnutls_x509_privkey_import(issuer_key, &key_text, GNUTLS_X509_FMT_PEM));
    check(gnutls_x509_crt_sign2(certificate, issuer, issuer_key, GNUTLS_DIG_SHA256, 0));
    gnutls_x509_privkey_deinit(issuer_key);
    gnutls_x509_crt_deinit(issuer);
    gnutls_free(key_text.data);
    gnutls_free(certificate_text.data);
}

void certificates_make(struct certificates *certificates, struct certificate_files *out,
                       const struct certificate_facts *facts, const struct certificate_files *authority)
{
    gnutls_x509_crt_t certificate = NULL;
    gnutls_x509_privkey_t key = NULL;
    gnutls_datum_t text = {NULL, 0};
    next_path(certificates, out->certificate);
    next_path(certificates, out->key);
    check(gnutls_x509_crt_init(&certificate));
    check(gnutls_x509_privkey_init(&key));
    check(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    describe(certificate, key, facts, certificates->count);
    sign(certificate, key, authority);
    check(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text));
    write_file(out->certificate, text.data, text.size);
    gnutls_free(text.data);
    check(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text));
    write_file(out->key, text.data, text.size);
    gnutls_free(text.data);
    gnutls_x509_privkey_deinit(key);
    gnutls_x509_crt_deinit(certificate);
}
