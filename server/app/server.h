/* The running server: store, service, gRPC and HTTP in one loop, from start to drained. */
#ifndef QVT_SERVER_APP_SERVER_H
#define QVT_SERVER_APP_SERVER_H

#include "base/log.h"
#include "qvt/error.h"
#include "server/app/settings.h"

/* Serves until SIGTERM or SIGINT has been answered and everything is drained; prints the ready line on stdout. Blocks.
 * From the end on SIGTERM, SIGINT and SIGHUP stay blocked in this thread.
 * OK: ended as asked. Else it could not start, *error says why in one line. */
QVT_MUST_CHECK qvt_status server_run(const struct settings *settings, const struct log *log, qvt_error *error);

#endif
