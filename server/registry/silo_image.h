/* Makes the encoded SiloInfo of a record: from a registration, or from the record before. */
#ifndef QVT_SERVER_REGISTRY_SILO_IMAGE_H
#define QVT_SERVER_REGISTRY_SILO_IMAGE_H

#include "base/buf.h"
#include "server/registry/maps.h"
#include "server/registry/registry.h"

/* What becomes of a registration; the rest (address, zone, build …) comes from `asked`. Everything borrowed. */
struct silo_image {
    const Quark__Version__V1__SiloInfo *asked;
    const struct label_map *labels;
    const struct version_map *versions;
    qvt_slice instance_id;
    uint64_t incarnation;
    int64_t registered_at_us;
    uint32_t lease_ttl_ms;
    enum placement_status status;
    enum placement_scheduling scheduling;
    bool suspect;
    bool unhealthy;
};

/* Appends the encoding; equal silos give equal bytes. NO_MEMORY. */
QVT_MUST_CHECK qvt_status silo_image_encode(const struct silo_image *silo, uint64_t mod_revision, const char *etag,
                                            struct buf *out);

/* What a patch may replace in a silo's record. */
enum {
    SILO_PATCH_ADDRESS = 1 << 0,
    SILO_PATCH_PORT = 1 << 1,
    SILO_PATCH_STATUS = 1 << 2,
    SILO_PATCH_SCHEDULING = 1 << 3,
    SILO_PATCH_SUSPECT = 1 << 4,
    SILO_PATCH_UNHEALTHY = 1 << 5,
    SILO_PATCH_LABELS = 1 << 6,
    SILO_PATCH_VERSIONS = 1 << 7
};

struct silo_patch {
    unsigned fields; /* SILO_PATCH_… */
    qvt_slice address;
    uint32_t port;
    enum placement_status status;
    int64_t now_us; /* wall clock: since when the silo is DEAD, if the status says so */
    enum placement_scheduling scheduling;
    bool suspect;
    bool unhealthy;
    const struct label_map *labels;
    const struct version_map *versions;
};

/* Appends the record's value with these fields, mod_revision and etag replaced, all else byte for byte. NO_MEMORY. */
QVT_MUST_CHECK qvt_status silo_image_patch(const struct image *old, const struct silo_patch *patch,
                                           uint64_t mod_revision, const char *etag, struct buf *out);

#endif
