/* Writes: a command on its way to a cluster's replica, and the answer when it is committed. */
#ifndef QVT_SERVER_SERVICE_WRITE_H
#define QVT_SERVER_SERVICE_WRITE_H

#include "qvt/rpc/unary.h"
#include "server/service/service_impl.h"

/* Submits the command, whose request lives as long as the unary, and answers when its outcome is known: position,
 * cache_ttl, age, and the record as field 4 if there is one. A command that creates no cluster, or is refused, is
 * answered for a cluster that nobody created without making one. */
void write_submit(struct service *service, qvt_rpc_unary *unary, const char *cluster, const struct command *command);

/* Submits what waited for the cluster to load. */
void write_release_waiting(struct cluster *cluster);

/* Ends what waits for the cluster to load with the error. */
void write_fail_waiting(struct cluster *cluster, const qvt_error *error);

#endif
