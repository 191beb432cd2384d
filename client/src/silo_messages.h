/* The requests that a silo makes about itself, and what matters of their answers. */
#ifndef QVT_CLIENT_SILO_MESSAGES_H
#define QVT_CLIENT_SILO_MESSAGES_H

#include "qvt/answer.h"
#include "qvt/error.h"
#include "qvt/slice.h"
#include "base/buf.h"
#include "client/src/silo_copy.h"

#define INSTANCE_ID_BYTES 16

/* What the tracker granted: the incarnation, and which store stands for it. */
struct silo_grant {
    uint64_t incarnation; /* 0: none */
    uint32_t lease_ttl_ms;
    char store_id[QVT_STORE_ID_MAX + 1];
};

/* Who speaks: sent along with every write. */
struct silo_name {
    const char *cluster; /* "": default */
    const char *silo_id;
    uint64_t incarnation;
};

/* All append one encoded request; health and activity may be NULL. NO_MEMORY. */
QVT_MUST_CHECK qvt_status silo_encode_register(struct buf *out, const char *cluster, const struct silo_copy *silo,
                                               const uint8_t instance_id[INSTANCE_ID_BYTES],
                                               const struct silo_grant *held);
QVT_MUST_CHECK qvt_status silo_encode_versions(struct buf *out, const struct silo_name *name,
                                               const struct version_set *versions);
QVT_MUST_CHECK qvt_status silo_encode_phase(struct buf *out, const struct silo_name *name, qvt_phase phase);
QVT_MUST_CHECK qvt_status silo_encode_heartbeat(struct buf *out, const struct silo_name *name, const qvt_health *health,
                                                const qvt_activity_totals *activity);
QVT_MUST_CHECK qvt_status silo_encode_unregister(struct buf *out, const struct silo_name *name);

/* INTERNAL: no such answer, or one without incarnation or lease. NO_MEMORY. */
QVT_MUST_CHECK qvt_status silo_decode_register(qvt_slice answer, struct silo_grant *out, qvt_error *error);
QVT_MUST_CHECK qvt_status silo_decode_heartbeat(qvt_slice answer, uint32_t *lease_remaining_ms, qvt_error *error);

#endif
