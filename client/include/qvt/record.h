/* What the tracker keeps: records of silos, policies and more, and the changes that made them. */
#ifndef QVT_RECORD_H
#define QVT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qvt/answer.h"
#include "qvt/find.h"
#include "qvt/silo.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All structs here are made by the library; later versions may append members. Texts are never NULL unless it is said. */

typedef enum qvt_silo_status {
    QVT_SILO_STATUS_UNKNOWN,
    QVT_SILO_STATUS_JOINING,
    QVT_SILO_STATUS_ACTIVE,
    QVT_SILO_STATUS_SHUTTING_DOWN,
    QVT_SILO_STATUS_DEAD
} qvt_silo_status;

typedef enum qvt_scheduling {
    QVT_SCHEDULING_UNKNOWN,
    QVT_SCHEDULING_SCHEDULABLE,
    QVT_SCHEDULING_STAGED,   /* answers only requests for exactly its version */
    QVT_SCHEDULING_CORDONED, /* keeps what it has and gets nothing new */
    QVT_SCHEDULING_DRAINING  /* is being emptied */
} qvt_scheduling;

/* A silo as the cluster agreed on it. */
typedef struct qvt_silo_info {
    const char *silo_id;
    uint64_t incarnation;
    const char *address;
    uint32_t port;
    qvt_silo_status status;
    qvt_scheduling scheduling;
    bool suspect;   /* missed its heartbeats */
    bool unhealthy; /* reported bad health */
    uint32_t lease_ttl_ms;
    const char *region_id;
    const char *zone_id;
    const char *shard_group_id; /* NULL: none */
    const qvt_label *labels;
    size_t label_count;
    const qvt_actor_version *versions; /* by actor type in byte order */
    size_t version_count;
    const char *build_id;
    uint64_t deploy_epoch;
    int64_t registered_at_us; /* since 1970 */
    uint64_t mod_revision;    /* of the record's last change */
    const char *etag;
} qvt_silo_info;

/* How requested and offered versions meet, for one actor type or as the cluster's default. */
typedef struct qvt_policy {
    const char *actor_type; /* "": the cluster's default */
    qvt_compatibility mode; /* POLICY: not set, as the default */
    qvt_selector selector;  /* POLICY: not set, as the default */
    const char *range;
    bool has_ramp;
    const char *ramp_target_version;
    uint32_t ramp_basis_points; /* 0 to 10000 */
    uint32_t min_ready;
    uint64_t mod_revision;
    const char *etag;
} qvt_policy;

/* A cluster-wide setting that the tracker keeps for itself. */
typedef struct qvt_setting {
    const char *name;
    uint64_t number;
    const char *text;
    uint64_t mod_revision;
    const char *etag;
} qvt_setting;

typedef enum qvt_record_kind {
    QVT_RECORD_UNKNOWN, /* of a later tracker */
    QVT_RECORD_SILO,
    QVT_RECORD_POLICY,
    QVT_RECORD_SETTING,
    QVT_RECORD_ROLLOUT,
    QVT_RECORD_DRAIN,
    QVT_RECORD_FLOOR,
    QVT_RECORD_VERDICT,
    QVT_RECORD_DAMPER
} qvt_record_kind;

/* Names a record: a silo by its id, a policy by its actor type, a setting by its name. */
typedef struct qvt_record_key {
    qvt_record_kind kind;
    const char *key;
} qvt_record_key;

/* A record with its value: the member of its kind, the others are NULL. Kinds that this library does not know have none. */
typedef struct qvt_record {
    qvt_record_kind kind;
    const char *key;
    const qvt_silo_info *silo;
    const qvt_policy *policy;
    const qvt_setting *setting;
} qvt_record;

typedef enum qvt_change_event {
    QVT_CHANGE_UNKNOWN, /* of a later tracker */
    QVT_CHANGE_CLUSTER_CREATED,
    QVT_CHANGE_SILO_REGISTERED,
    QVT_CHANGE_SILO_UPDATED,
    QVT_CHANGE_SILO_VERSIONS_REGISTERED,
    QVT_CHANGE_SILO_LEFT,
    QVT_CHANGE_SILO_EXPIRED,
    QVT_CHANGE_SILO_SUSPECT,
    QVT_CHANGE_SILO_HEALTH,
    QVT_CHANGE_SILO_PURGED,
    QVT_CHANGE_EXPIRY_PAUSED,
    QVT_CHANGE_EXPIRY_RESUMED,
    QVT_CHANGE_POLICY_SET,
    QVT_CHANGE_POLICY_DELETED
} qvt_change_event;

/* One committed step of a cluster. */
typedef struct qvt_change {
    qvt_position position;
    uint64_t previous_token; /* of the change before it */
    qvt_change_event event;
    int64_t time_us; /* since 1970, by the tracker's clock */
    const char *who;
    const char *why;
    const char *request_id;
    const qvt_record *puts; /* the new images of the records it touches, as far as they match the filter */
    size_t put_count;
    const qvt_record_key *deletes; /* the records that are gone, or no longer match */
    size_t delete_count;
    bool ack_wanted; /* the tracker waits for watches to acknowledge it */
} qvt_change;

#ifdef __cplusplus
}
#endif

#endif
