/* The local tracker's answers, in the messages of the contract: what a tracker of the cluster says to the same request. */
#ifndef QVT_CLIENT_LOCAL_CALL_H
#define QVT_CLIENT_LOCAL_CALL_H

#include "qvt/rpc/method.h"
#include "client/src/local/cluster.h"

/* Answers one request, of the methods that the library calls: appends the encoded answer. Not OK: as the tracker, in *error.
 * Takes the lock; any thread. */
QVT_MUST_CHECK qvt_status local_call(struct local_cluster *cluster, const qvt_rpc_method *method, qvt_slice request,
                                     struct buf *answer, qvt_error *error);

/* ---- the parts, with the lock held; request and answer as above ---- */

/* --- write.c --- */
QVT_MUST_CHECK qvt_status local_register(struct local_cluster *cluster, qvt_slice request, struct buf *answer,
                                         qvt_error *error);
QVT_MUST_CHECK qvt_status local_set_versions(struct local_cluster *cluster, qvt_slice request, struct buf *answer,
                                             qvt_error *error);
QVT_MUST_CHECK qvt_status local_update(struct local_cluster *cluster, qvt_slice request, struct buf *answer,
                                       qvt_error *error);
QVT_MUST_CHECK qvt_status local_unregister(struct local_cluster *cluster, qvt_slice request, struct buf *answer,
                                           qvt_error *error);

/* --- heartbeat.c --- */
QVT_MUST_CHECK qvt_status local_heartbeat(struct local_cluster *cluster, qvt_slice request, struct buf *answer,
                                          qvt_error *error);

/* --- read.c --- */
QVT_MUST_CHECK qvt_status local_find(struct local_cluster *cluster, qvt_slice request, struct buf *answer,
                                     qvt_error *error);
QVT_MUST_CHECK qvt_status local_capabilities(struct local_cluster *cluster, qvt_slice request, struct buf *answer,
                                             qvt_error *error);
QVT_MUST_CHECK qvt_status local_list_capabilities(struct local_cluster *cluster, qvt_slice request, struct buf *answer,
                                                  qvt_error *error);

/* ---- what they share, call.c ---- */

#define LOCAL_CACHE_TTL_S 10

/* Decodes a request whose callbacks are set. INVALID_ARGUMENT, NO_MEMORY. */
QVT_MUST_CHECK qvt_status local_decode(qvt_slice request, const pb_msgdesc_t *type, void *message, qvt_error *error);

/* Appends an answer. NO_MEMORY. */
QVT_MUST_CHECK qvt_status local_encode(struct buf *answer, const pb_msgdesc_t *type, const void *message,
                                       qvt_error *error);

/* NOT_FOUND, ABORTED: the entry, or NULL, is not the silo of that incarnation (0: whichever), or is DEAD though it has to be
 * alive. */
QVT_MUST_CHECK qvt_status local_check_incarnation(const struct local_entry *entry, const char *silo_id,
                                                  uint64_t incarnation, bool alive, qvt_error *error);

#endif
