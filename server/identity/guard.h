/* Stands before every method: who calls, and whether he may. Knows the credentials of the day, counts and slows down what
 * fails. Single-threaded; no I/O but the log. */
#ifndef QVT_SERVER_IDENTITY_GUARD_H
#define QVT_SERVER_IDENTITY_GUARD_H

#include "base/clock.h"
#include "base/entropy.h"
#include "base/log.h"
#include "qvt/error.h"
#include "qvt/rpc/tls.h"
#include "server/identity/credentials.h"
#include "server/identity/rules.h"

struct guard;

struct guard_options {
    const struct entropy *entropy; /* outlives guard_new only */
    const struct clock *clock;     /* outlives the guard */
    const struct log *log;         /* outlives the guard; may be NULL */
    uint32_t failures_a_minute;    /* of one address; 0: any number */
    uint32_t addresses;            /* whose failures are remembered */
};

/* Knows nobody at first. NO_MEMORY. */
QVT_MUST_CHECK qvt_status guard_new(struct guard **out, const struct guard_options *options);
void guard_free(struct guard *guard);

/* Takes the credentials, in place of those before, also when it fails. A caller whose token or certificate is in both
 * stays who he is; others are nobody from now on. NO_MEMORY leaves those before in force. */
QVT_MUST_CHECK qvt_status guard_use(struct guard *guard, struct credentials *credentials);

size_t guard_credential_count(const struct guard *guard);

/* What a caller shows, borrowed. */
struct guard_shown {
    qvt_slice authorization;         /* the header's value; data NULL: none */
    const qvt_rpc_peer_names *names; /* in his certificate, which was verified; all empty: he showed none */
    const char *peer;                /* "ADDR:PORT" */
};

/* Who calls: a number for guard_admit, 0 for nobody where the method is open to him. A token counts before a certificate,
 * and is never made up for by one.
 *   UNAUTHENTICATED     TOKEN_MISSING, TOKEN_MALFORMED, TOKEN_UNKNOWN (id or secret), CERTIFICATE_UNKNOWN
 *   RESOURCE_EXHAUSTED  TOO_MANY_FAILURES: as UNAUTHENTICATED, for the hundredth time; what is right is never slowed down */
QVT_MUST_CHECK qvt_status guard_identify(struct guard *guard, const qvt_rpc_method *method,
                                         const struct guard_shown *shown, uint64_t *caller, qvt_error *error);

/* Whether the caller may do what he asks for.
 *   UNAUTHENTICATED    CREDENTIAL_REVOKED: his token or certificate is in force no more
 *   PERMISSION_DENIED  CLUSTER_NOT_ALLOWED, ROLE_TOO_LOW, SILO_NOT_ALLOWED, FIELD_NOT_ALLOWED */
QVT_MUST_CHECK qvt_status guard_admit(struct guard *guard, uint64_t caller, const qvt_rpc_method *method,
                                      const ProtobufCMessage *request, qvt_error *error);

/* Whether the caller may read the cluster ("": default), and go on doing so; `what` he does is for the error. As
 * guard_admit. */
QVT_MUST_CHECK qvt_status guard_admit_read(struct guard *guard, uint64_t caller, const char *what, const char *cluster,
                                           qvt_error *error);

/* Whether the caller may read every cluster: what pages about all of them ask for. As guard_admit. */
QVT_MUST_CHECK qvt_status guard_admit_read_all(struct guard *guard, uint64_t caller, const char *what,
                                               qvt_error *error);

/* The same without a word about it. */
bool guard_reads_all(const struct guard *guard, uint64_t caller);

/* The credential's name; NULL: nobody, or revoked. Valid until guard_use. */
const char *guard_name(const struct guard *guard, uint64_t caller);

/* ---- numbers since start ---- */

enum guard_reason {
    GUARD_TOKEN_MISSING,
    GUARD_TOKEN_MALFORMED,
    GUARD_TOKEN_UNKNOWN,
    GUARD_CERTIFICATE_UNKNOWN,
    GUARD_CREDENTIAL_REVOKED,
    GUARD_TOO_MANY_FAILURES,
    GUARD_CLUSTER_NOT_ALLOWED,
    GUARD_ROLE_TOO_LOW,
    GUARD_SILO_NOT_ALLOWED,
    GUARD_FIELD_NOT_ALLOWED,
    GUARD_REASONS
};

/* "TOKEN_MISSING", …: ErrorInfo.reason. Static. */
const char *guard_reason_name(enum guard_reason reason);

/* How often it was answered. */
uint64_t guard_failures(const struct guard *guard, enum guard_reason reason);

/* Credentials were read again, or could not be. */
void guard_count_reload(struct guard *guard, bool loaded);
uint64_t guard_reloads(const struct guard *guard, bool loaded);

#endif
