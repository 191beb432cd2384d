/* The silo that this process is: its registration, its versions, its lease. One silo a client. */
#ifndef QVT_SILO_H
#define QVT_SILO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qvt/activity.h"
#include "qvt/client.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QVT_VERSION_MAX 128

/* The version at which an actor type is served. NULL members are left out. Its layout is final. */
typedef struct qvt_actor_version {
    const char *actor_type; /* 1 to 256 bytes of UTF-8 */
    const char *version;    /* SemVer 2.0.0, or 1, 2 or 4 numeric parts; at most QVT_VERSION_MAX bytes */
    const char *assembly_name;
    const char *build_id;
    bool has_contract_fingerprint;
    uint64_t contract_fingerprint; /* of the actor's interface */
    bool has_state_schema;
    uint32_t reads_min; /* saved states from this schema on … */
    uint32_t reads_max; /* … to this one are read */
    uint32_t writes;    /* the schema that is saved */
} qvt_actor_version;

/* Its layout is final. */
typedef struct qvt_label {
    const char *name;
    const char *value;
} qvt_label;

/* Where a silo is in its life (SPEC §9.5). */
typedef enum qvt_phase {
    QVT_PHASE_ACTIVE,
    QVT_PHASE_JOINING,       /* registered, and found by nobody yet */
    QVT_PHASE_DRAINING,      /* found by nobody any more, and emptied */
    QVT_PHASE_SHUTTING_DOWN, /* empty, about to leave */
    QVT_PHASE_ENDED          /* not registered */
} qvt_phase;

typedef struct qvt_silo_options {
    uint32_t size;                     /* sizeof this struct */
    const char *silo_id;               /* 1 to 128 bytes of printable UTF-8, except "." and ".." */
    const char *address;               /* where callers reach the silo */
    uint32_t port;                     /* 1 to 65535 */
    const qvt_actor_version *versions; /* at most 1024; none: versions are not tracked for this silo */
    size_t version_count;
    const qvt_label *labels; /* at most 64 */
    size_t label_count;
    uint32_t lease_ttl_ms; /* asked for, clamped by the tracker to 2 s to 10 min; 0: 15 s */
    const char *region_id;
    const char *zone_id;
    const char *shard_group_id;
    const char *build_id;
    uint64_t deploy_epoch;
    qvt_phase phase; /* ACTIVE or JOINING */
} qvt_silo_options;

#define QVT_SILO_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(qvt_silo_options), NULL, NULL, 0, NULL, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, 0, QVT_PHASE_ACTIVE      \
    }

/* Registers the silo with its versions in one step; options are copied. From then on the lease is renewed every third of
 * the TTL, and the silo is registered again by itself when the tracker lost it. Again with the same silo_id: replaces
 * what was registered. INVALID_ARGUMENT, ALREADY_EXISTS for another silo_id on this client, ABORTED reason SUPERSEDED,
 * UNAVAILABLE, DEADLINE_EXCEEDED (the silo may be registered or not; calling again is safe). call may be NULL. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_register(qvt_client *client, const qvt_silo_options *silo,
                                                      const qvt_call_options *call);

/* Replaces the versions of the registered silo; copied. INVALID_ARGUMENT for none or a bad one, FAILED_PRECONDITION when
 * no silo is registered, ABORTED reason SUPERSEDED, NOT_FOUND when the tracker just lost the silo (the library is
 * registering it anew). call may be NULL. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_set_versions(qvt_client *client, const qvt_actor_version *versions,
                                                          size_t version_count, const qvt_call_options *call);

/* Moves the registered silo to ACTIVE, DRAINING or SHUTTING_DOWN; never back. INVALID_ARGUMENT for another phase, else as
 * qvt_client_set_versions. call may be NULL. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_enter_phase(qvt_client *client, qvt_phase phase,
                                                         const qvt_call_options *call);

/* Takes the silo out of the cluster and stops renewing. OK when none is registered. On an error the silo is still
 * registered. call may be NULL. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_unregister(qvt_client *client, const qvt_call_options *call);

/* How registering, setting versions or unregistering ended. */
typedef void qvt_silo_done(void *data, const qvt_error *error);

/* The callback forms of these; what is given is copied. They are carried out in the order in which they were called.
 * INVALID_ARGUMENT, NO_MEMORY, CANCELLED. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_register_async(qvt_client *client, const qvt_silo_options *silo,
                                                            const qvt_call_options *call, qvt_silo_done *on_done,
                                                            void *data);
QVT_API QVT_MUST_CHECK qvt_status qvt_client_set_versions_async(qvt_client *client, const qvt_actor_version *versions,
                                                                size_t version_count, const qvt_call_options *call,
                                                                qvt_silo_done *on_done, void *data);
QVT_API QVT_MUST_CHECK qvt_status qvt_client_unregister_async(qvt_client *client, const qvt_call_options *call,
                                                              qvt_silo_done *on_done, void *data);
QVT_API QVT_MUST_CHECK qvt_status qvt_client_enter_phase_async(qvt_client *client, qvt_phase phase,
                                                               const qvt_call_options *call, qvt_silo_done *on_done,
                                                               void *data);

/* How the silo feels, by its own measure. Its layout is final. */
typedef struct qvt_health {
    double cpu_percent;    /* 0 to 100 */
    double memory_percent; /* 0 to 100 */
    double latency_ms;     /* at least 0 */
} qvt_health;

/* What every heartbeat reports from now on; copied; NULL: nothing, as in the beginning. */
QVT_API void qvt_client_set_health(qvt_client *client, const qvt_health *health);

/* Whose sums every heartbeat reports from now on; NULL: none, as in the beginning. The tracker must outlive that. */
QVT_API void qvt_client_set_activity(qvt_client *client, qvt_activity *activity);

/* The version at which this process serves an actor type, as registered, without the network. Writes at most size bytes
 * with the NUL; QVT_VERSION_MAX + 1 always suffice. NOT_FOUND when the silo is not registered or has no such type,
 * INVALID_ARGUMENT when it does not fit. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_local_version(char *out, size_t size, const qvt_client *client,
                                                           const char *actor_type);

/* What is known of the silo's registration, without the network. */
typedef struct qvt_registration {
    uint32_t size; /* sizeof this struct, set by the caller */
    qvt_silo_state state;
    uint64_t incarnation;        /* 0: never registered */
    uint32_t lease_ttl_ms;       /* as negotiated */
    uint32_t lease_remaining_ms; /* as last confirmed by the tracker, at that time */
    uint32_t registrations;      /* how often the tracker accepted the silo, by itself included */
    uint32_t renewals;           /* how often it renewed the lease */
    bool is_lease_held;          /* as qvt_client_options.on_lease_lost and on_lease_held tell */
} qvt_registration;

#define QVT_REGISTRATION_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(qvt_registration), QVT_SILO_UNREGISTERED, 0, 0, 0, 0, 0, false                                          \
    }

/* INVALID_ARGUMENT for a size that is none. */
QVT_API QVT_MUST_CHECK qvt_status qvt_client_read_registration(const qvt_client *client, qvt_registration *out);

#ifdef __cplusplus
}
#endif

#endif
