/* Who may do what: the credentials of a file, and how callers are found among them. Immutable once parsed. Pure. */
#ifndef QVT_SERVER_IDENTITY_CREDENTIALS_H
#define QVT_SERVER_IDENTITY_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "qvt/error.h"
#include "qvt/slice.h"
#include "server/identity/token.h"

enum { CREDENTIAL_NAME_MAX = 64, CREDENTIALS_FILE_MAX = 4 << 20 };

/* Each may do what the one before may. */
enum role { ROLE_NONE, ROLE_READER, ROLE_SILO, ROLE_ADMIN };

/* A role in some clusters; lists are texts with commas. */
struct grant {
    enum role role;
    bool all_clusters;
    const char *clusters;
    const char *silos; /* patterns; "": none, as for roles other than ROLE_SILO */
};

struct credential {
    const char *name; /* [A-Za-z0-9._@-]{1,64} */
    const struct grant *grants;
    size_t grant_count;
    unsigned line; /* the first */
};

/* What a caller shows to be a credential: a token, or the name in a certificate that was verified. */
struct proof {
    const struct credential *credential;
    const char *certificate; /* NULL: it is a token */
    struct token_record token;
    unsigned line;
    uint32_t slot; /* for whoever keeps track of it; 0 at first */
};

/* Invariants: tokens are sorted by id, certificates by name, both without duplicates; every credential has a proof. */
struct credentials {
    char *text; /* owns all texts */
    struct credential *list;
    size_t count;
    struct grant *grants;
    size_t grant_count;
    struct proof *proofs; /* the tokens, then the certificates */
    size_t token_count;
    size_t proof_count;
};

/* Reads the lines of the file called `name`; takes text, `len` bytes and a NUL, which it changes and, when it fails, frees.
 *   INVALID_ARGUMENT  the error is "FILE:LINE: rule"
 *   NO_MEMORY */
QVT_MUST_CHECK qvt_status credentials_parse(struct credentials **out, const char *name, char *text, size_t len,
                                            qvt_error *error);
void credentials_free(struct credentials *credentials);

/* The proof with this token id, or NULL; its secret is not looked at. */
struct proof *credentials_token(const struct credentials *credentials, uint64_t id);

/* The proof with this certificate name (host names in any case), or NULL. */
struct proof *credentials_certificate(const struct credentials *credentials, const char *name);

/* Whether a grant covers the cluster, which has a name; whether one of its patterns fits the silo id. */
bool grant_covers(const struct grant *grant, const char *cluster);
bool grant_fits(const struct grant *grant, const char *silo_id);

/* "reader", "silo", "admin"; ROLE_NONE for another text. */
enum role role_parse(qvt_slice text);
const char *role_name(enum role role);

#endif
