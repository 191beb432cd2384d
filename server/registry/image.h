/* One immutable state of one record: its kind, key and encoded value, shared by mirror, history and watchers. */
#ifndef QVT_SERVER_REGISTRY_IMAGE_H
#define QVT_SERVER_REGISTRY_IMAGE_H

#include <stdint.h>

#include "qvt/blob.h"
#include "qvt/slice.h"
#include "qvt/status.h"

/* The values of the contract's RecordKind; kinds above are kept as they come. */
enum record_kind {
    RECORD_SILO = 1,    /* key: silo id; value: SiloInfo without its volatile fields */
    RECORD_POLICY = 2,  /* key: actor type, "" for the cluster's default; value: Policy */
    RECORD_SETTING = 3, /* key: name; value: Setting */
    RECORD_ROLLOUT = 4,
    RECORD_DRAIN = 5,
    RECORD_FLOOR = 6,
    RECORD_VERDICT = 7,
    RECORD_DAMPER = 8
};

/* Shared by reference count, one thread. The value of a silo, policy or setting holds its mod_revision and etag. */
struct image;

/* Which change puts an image: its revision and its time by the store's wall clock. */
struct image_origin {
    uint64_t revision;
    int64_t time_us;
};

/* A copy of key and value with one reference. `field` is the number of the value in the contract's Record (3 silo,
 * 4 policy, 5 setting). NO_MEMORY. */
QVT_MUST_CHECK qvt_status image_new(struct image **out, uint32_t kind, uint32_t field, qvt_slice key, qvt_slice value,
                                    struct image_origin origin);

struct image *image_ref(struct image *image);
void image_unref(struct image *image); /* NULL is fine */

uint32_t image_kind(const struct image *image);
uint32_t image_field(const struct image *image);
struct image_origin image_origin(const struct image *image);

/* Borrowed, valid while a reference is held. The key's bytes are followed by a NUL. */
qvt_slice image_key(const struct image *image);
qvt_slice image_value(const struct image *image);

/* Borrowed: what key and value are part of, and what keeps them as long as a reference of its own is held. */
qvt_blob *image_blob(const struct image *image);

/* The memory it takes, in bytes. */
size_t image_size_bytes(const struct image *image);

#endif
