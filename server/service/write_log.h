/* One debug line a write: which call it was, and what came of it. */
#ifndef QVT_SERVER_SERVICE_WRITE_LOG_H
#define QVT_SERVER_SERVICE_WRITE_LOG_H

#include "base/log.h"
#include "qvt/rpc/unary.h"
#include "server/replica/replica.h"

/* Before the unary is answered. log may be NULL. */
void write_log(const struct log *log, const qvt_rpc_unary *unary, const char *cluster, const struct command *command,
               const struct replica_outcome *outcome);

#endif
