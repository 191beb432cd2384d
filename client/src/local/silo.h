/* A silo of the local tracker as one change left it: immutable, so that answers and watches may keep it. */
#ifndef QVT_CLIENT_LOCAL_SILO_H
#define QVT_CLIENT_LOCAL_SILO_H

#include "qvt/record.h"
#include "base/arena.h"
#include "base/buf.h"
#include "client/src/encode.h"
#include "client/src/silo_messages.h"
#include "nanopb/quark/version/v1/silo.pb.h"

/* Which process a silo is (SPEC §2). */
struct local_instance {
    size_t len; /* 0: it did not say */
    uint8_t id[INSTANCE_ID_BYTES];
};

/* Guarded by the lock of cluster.h. */
struct local_silo {
    uint32_t refs;
    struct arena arena;
    qvt_silo_info info; /* its texts are in the arena */
    struct buf encoded; /* the same as a SiloInfo */
    int64_t changed_us; /* since 1970 */
    struct local_instance instance;
};

/* A deep copy of the info, with one reference; the rest is the caller's to fill. NO_MEMORY. */
QVT_MUST_CHECK qvt_status local_silo_new(struct local_silo **out, const qvt_silo_info *info);
struct local_silo *local_silo_ref(struct local_silo *silo);
void local_silo_unref(struct local_silo *silo); /* NULL is fine */

/* Whether they differ in more than revision and etag of their last change. NO_MEMORY. */
QVT_MUST_CHECK qvt_status local_silo_differs(const struct local_silo *silo, const qvt_silo_info *info, bool *out);

/* What a SiloInfo is encoded from, in place: silo and maps are borrowed until then. */
struct silo_writer {
    struct encode_versions versions;
    struct encode_labels labels;
};
void silo_writer_fill(struct silo_writer *writer, quark_version_v1_SiloInfo *out, const qvt_silo_info *info);

#endif
