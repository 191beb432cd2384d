/* Throw-away certificates for tests: an authority and what it signs, as PEM files in a folder of their own. */
#ifndef QVT_TESTS_SUPPORT_CERTIFICATES_H
#define QVT_TESTS_SUPPORT_CERTIFICATES_H

#include <stdint.h>

enum { CERTIFICATES_PATH_MAX = 64 };

struct certificates {
    char folder[CERTIFICATES_PATH_MAX];
    unsigned count;
};

/* The paths of one certificate and its key. */
struct certificate_files {
    char certificate[CERTIFICATES_PATH_MAX + 16];
    char key[CERTIFICATES_PATH_MAX + 16];
};

/* What a certificate says; texts may be NULL, lists end with NULL. */
struct certificate_facts {
    const char *common_name;
    const char *dns[4];
    const char *uris[4];
    const char *address; /* IPv4 */
    int64_t from_s;      /* from now, negative: in the past; 0: an hour ago */
    int64_t until_s;     /* from now; 0: in a day */
    int is_authority;
};

/* Makes the folder. The process ends when anything goes wrong, in all of these. */
void certificates_init(struct certificates *certificates);

/* Removes the folder and what is in it. */
void certificates_deinit(struct certificates *certificates);

/* Makes a key and a certificate, signed by the authority's files; NULL: by itself. */
void certificates_make(struct certificates *certificates, struct certificate_files *out,
                       const struct certificate_facts *facts, const struct certificate_files *authority);

/* Writes a file into the folder. */
void certificates_write(struct certificates *certificates, char path[CERTIFICATES_PATH_MAX + 16], const char *content);

#endif
