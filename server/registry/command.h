/* What may be asked of a cluster's registry: the writes of the contract, and the tracker's own. */
#ifndef QVT_SERVER_REGISTRY_COMMAND_H
#define QVT_SERVER_REGISTRY_COMMAND_H

#include <stdbool.h>

#include "qvt/slice.h"
#include "quark/version/v1/version_tracker.pb-c.h"

enum command_kind {
    COMMAND_REGISTER_SILO,
    COMMAND_REGISTER_VERSIONS,
    COMMAND_UPDATE_SILO,
    COMMAND_UNREGISTER_SILO,
    COMMAND_SET_POLICY,
    COMMAND_DELETE_POLICY,
    COMMAND_EXPIRE,       /* silos whose lease is over become DEAD */
    COMMAND_MARK_SUSPECT, /* or clears it: silo_mark.value */
    COMMAND_MARK_HEALTH,  /* sets or clears unhealthy: silo_mark.value */
    COMMAND_PURGE,        /* deletes DEAD records that are too old or too many */
    COMMAND_PAUSE_EXPIRY, /* and marks the lapsed silos suspect, in the same change */
    COMMAND_RESUME_EXPIRY
};

/* One silo of a bulk command; skipped when the incarnation is no longer that silo's, or nothing would change. */
struct silo_mark {
    qvt_slice silo_id;
    uint64_t incarnation;
    bool value;
};

struct silo_marks {
    const struct silo_mark *silos;
    size_t count; /* each silo once; what exceeds one change is left out */
};

/* Requests are borrowed and never changed; strings in them are valid UTF-8 without NUL (checked before decoding). */
struct command {
    enum command_kind kind;
    union {
        const Quark__Version__V1__RegisterSiloRequest *register_silo;
        const Quark__Version__V1__RegisterSiloVersionsRequest *register_versions;
        const Quark__Version__V1__UpdateSiloRequest *update_silo;
        const Quark__Version__V1__UnregisterSiloRequest *unregister_silo;
        const Quark__Version__V1__SetPolicyRequest *set_policy;
        const Quark__Version__V1__DeletePolicyRequest *delete_policy;
        struct silo_marks marks; /* EXPIRE, MARK_SUSPECT, MARK_HEALTH, PAUSE_EXPIRY */
    };
};

#endif
