/* Reads an encoded SiloInfo into the compact form that rules and indexes use. */
#ifndef QVT_SERVER_REGISTRY_SILO_VIEW_H
#define QVT_SERVER_REGISTRY_SILO_VIEW_H

#include "server/registry/registry.h"
#include "server/registry/wire.h"

/* Field numbers of SiloInfo, AssemblyVersionInfo, StateSchema and map entries (proto/quark/version/v1/silo.proto). */
enum {
    SILO_SILO_ID = 1,
    SILO_INSTANCE_ID = 2,
    SILO_INCARNATION = 3,
    SILO_ADDRESS = 4,
    SILO_PORT = 5,
    SILO_STATUS = 6,
    SILO_SCHEDULING = 7,
    SILO_SUSPECT = 8,
    SILO_UNHEALTHY = 9,
    SILO_LEASE_TTL = 10,
    SILO_REGION_ID = 11,
    SILO_ZONE_ID = 12,
    SILO_SHARD_GROUP_ID = 13,
    SILO_LABELS = 14,
    SILO_VERSIONS = 15,
    SILO_BUILD_ID = 16,
    SILO_DEPLOY_EPOCH = 17,
    SILO_REGISTERED_AT = 18,
    SILO_MOD_REVISION = 19,
    SILO_ETAG = 20,
    SILO_DEAD_SINCE = 21,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2,
    VERSION_TEXT = 1,
    VERSION_ASSEMBLY_NAME = 2,
    VERSION_BUILD_ID = 3,
    VERSION_FINGERPRINT = 4,
    VERSION_STATE_SCHEMA = 5,
    SCHEMA_READS_MIN = 1,
    SCHEMA_READS_MAX = 2,
    SCHEMA_WRITES = 3
};

/* One entry of actor_type_versions. */
struct silo_view_version {
    qvt_slice actor_type;
    qvt_slice info; /* the encoded AssemblyVersionInfo */
    qvt_slice text;
    uint64_t fingerprint;
    bool has_fingerprint;
};

/* Fills the view from the image (borrowed). DATA_LOSS: it is no SiloInfo. */
QVT_MUST_CHECK qvt_status silo_view_parse(struct registry_silo *out, struct image *image);

/* registry_silo.versions of an image that has no view. */
qvt_slice silo_view_versions(const struct image *image);

/* The next version entry of an encoded SiloInfo or of silo_view_versions; false: no more. */
bool silo_view_next_version(qvt_slice *rest, struct silo_view_version *out);

/* Key and value of an encoded map entry. */
void silo_view_entry(qvt_slice entry, qvt_slice *key, qvt_slice *value);

#endif
