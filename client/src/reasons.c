#include "client/src/reasons.h"

#include <stdio.h>
#include <string.h>

/* What the tracker says in ErrorInfo (SPEC §3.10), and the runtime on its own. */
static const char *const reasons[] = {
    "ACTOR_TYPE_NOT_FOUND",
    "BEHIND",
    "CERTIFICATE_UNKNOWN",
    "CLUSTER_NOT_ALLOWED",
    "CREDENTIAL_REVOKED",
    "DRAINING",
    "ETAG_MISMATCH",
    "FIELD_NOT_ALLOWED",
    "HISTORY_LOST",
    "LEASE_EXPIRED",
    "NO_VERSIONS",
    "ROLE_TOO_LOW",
    "SHUTTING_DOWN",
    "SILO_NOT_ALLOWED",
    "SILO_NOT_FOUND",
    "STATUS_BACKWARD",
    "STORE_UNAVAILABLE",
    "SUPERSEDED",
    "TOKEN_MALFORMED",
    "TOKEN_MISSING",
    "TOKEN_UNKNOWN",
    "TOO_MANY_CLUSTERS",
    "TOO_MANY_FAILURES",
    "TOO_MANY_SILOS",
    "UNCERTAIN",
    "WARMING_UP",
    "WATCHER_STALLED",
};
static const char *const fact_names[] = {"etag", "incarnation", "position", "silo_id", "actor_type"};

static const char *find(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return names[i];
        }
    }
    return NULL;
}

static void keep_facts(qvt_error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < error->fact_count; i++) {
        const char *name = find(fact_names, sizeof fact_names / sizeof fact_names[0], error->facts[i].name);
        if (name != NULL) {
            error->facts[kept] = error->facts[i];
            error->facts[kept++].name = name;
        }
    }
    error->fact_count = kept;
}

void reasons_own(qvt_error *out, const qvt_error *received)
{
    *out = *received;
    keep_facts(out);
    if (received->reason == NULL) {
        return;
    }
    out->reason = find(reasons, sizeof reasons / sizeof reasons[0], received->reason);
    size_t len = strlen(out->message);
    if (out->reason == NULL && len + strlen(received->reason) + sizeof " []" <= sizeof out->message) {
        snprintf(out->message + len, sizeof out->message - len, " [%s]", received->reason);
    }
}
