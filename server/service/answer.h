/* What every operation shares: where a read reads from, how an answer begins, how it ends. */
#ifndef QVT_SERVER_SERVICE_ANSWER_H
#define QVT_SERVER_SERVICE_ANSWER_H

#include "qvt/rpc/unary.h"
#include "server/service/encode.h"
#include "server/service/service_impl.h"

/* Fields that every answer has (proto/quark/version/v1/version_tracker.proto); its own begin at BODY. */
enum { ANSWER_POSITION = 1, ANSWER_CACHE_TTL = 2, ANSWER_AGE = 3, ANSWER_BODY = 4, ANSWER_NEXT_PAGE = 5 };

/* A read under way. Invariant: encoder writes into service->scratch, so one read at a time. */
struct read {
    struct service *service;
    struct cluster *cluster;   /* NULL: nobody created it */
    struct registry *registry; /* of the cluster, or the empty one */
    struct encoder encoder;
};

/* Begins to answer a read: names the cluster ("": default), finds its registry, holds it against min_position (NULL:
 * any), and writes position, cache_ttl and age. UNAVAILABLE (not loaded), INVALID_ARGUMENT, ABORTED reason HISTORY_LOST:
 * the position is not in this history, and no other replica can have it. linearizable asks for nothing more while no
 * one else writes the store. */
QVT_MUST_CHECK qvt_status read_begin(struct read *read, struct service *service, const char *cluster,
                                     const Quark__Version__V1__Position *min_position, qvt_error *error);

/* Ends the read with what the encoder holds, or RESOURCE_EXHAUSTED when it found no memory. */
void read_reply(struct read *read, qvt_rpc_unary *unary);

/* Fails the call, the field at fault named in the message as well as in the details. */
void answer_fail(qvt_rpc_unary *unary, const qvt_error *error);

/* Position, cache_ttl and age of the cluster (NULL: nobody's) as the first fields of an answer. */
void answer_prefix(struct encoder *encoder, struct service *service, struct cluster *cluster);

/* The same for a position that is not the head's, such as that of a committed change. */
void answer_prefix_at(struct encoder *encoder, const struct service *service, const struct position *position,
                      uint32_t age_ms);

/* A Position as field `field`. */
void answer_position(struct encoder *encoder, uint32_t field, const struct position *position);

#endif
