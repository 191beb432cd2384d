/* One committed step of a cluster, and its encoding as the contract's Change. */
#ifndef QVT_SERVER_REGISTRY_CHANGE_H
#define QVT_SERVER_REGISTRY_CHANGE_H

#include <stdbool.h>

#include "base/buf.h"
#include "qvt/blob.h"
#include "server/registry/image.h"
#include "server/registry/position.h"

/* The values of the contract's ChangeEvent. */
enum change_event {
    CHANGE_CLUSTER_CREATED = 1,
    CHANGE_SILO_REGISTERED = 2,
    CHANGE_SILO_UPDATED = 3,
    CHANGE_SILO_VERSIONS_REGISTERED = 4,
    CHANGE_SILO_LEFT = 5,
    CHANGE_SILO_EXPIRED = 6,
    CHANGE_SILO_SUSPECT = 7,
    CHANGE_SILO_HEALTH = 8,
    CHANGE_SILO_PURGED = 9,
    CHANGE_EXPIRY_PAUSED = 10,
    CHANGE_EXPIRY_RESUMED = 11,
    CHANGE_POLICY_SET = 12,
    CHANGE_POLICY_DELETED = 13
};

struct change_key {
    uint32_t kind;
    qvt_slice key; /* owned by the change */
};

/* Immutable once built; shared by reference count, one thread. Slices are owned by the change. */
struct change {
    uint32_t refs;
    struct position position;
    uint64_t previous_token;
    uint32_t event; /* enum change_event, or one that a newer version wrote */
    int64_t time_us;
    qvt_slice who;
    qvt_slice why;
    qvt_slice request_id;
    struct image **puts;
    size_t put_count;
    struct change_key *deletes;
    size_t delete_count;
    qvt_slice *previous_types; /* actor types that its silos had before */
    size_t previous_type_count;
    bool ack_wanted;
    size_t size_bytes; /* private: change_size_bytes */
    qvt_blob *encoded; /* private: NULL until change_encoded */
};

/* A change with one reference: copies what the draft's slices and arrays point to and takes its own references to the
 * images. The draft's private fields and refs are ignored. NO_MEMORY. */
QVT_MUST_CHECK qvt_status change_new(struct change **out, const struct change *draft);

struct change *change_ref(struct change *change);
void change_unref(struct change *change); /* NULL is fine */

/* The memory it holds in bytes, images included, whoever shares them. */
size_t change_size_bytes(const struct change *change);

/* Appends the whole change as an encoded `quark.version.v1.Change`. NO_MEMORY. */
QVT_MUST_CHECK qvt_status change_encode(const struct change *change, struct buf *out);

/* One put as an encoded `quark.version.v1.Record`, for walks and for changes cut to a filter. NO_MEMORY. */
QVT_MUST_CHECK qvt_status change_encode_record(const struct image *image, struct buf *out);

/* The encoding of the whole change, made once and shared by all watchers; borrowed from the change, take a reference to
 * keep it: the registry drops that of changes far behind the head. NO_MEMORY. */
QVT_MUST_CHECK qvt_status change_encoded(struct change *change, qvt_blob **out);
void change_drop_encoded(struct change *change);

/* Reads an encoded Change. NO_MEMORY; DATA_LOSS: not a Change. */
QVT_MUST_CHECK qvt_status change_decode(struct change **out, qvt_slice bytes);

#endif
