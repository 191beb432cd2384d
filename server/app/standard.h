/* What every gRPC server tells of itself: health and reflection. */
#ifndef QVT_SERVER_APP_STANDARD_H
#define QVT_SERVER_APP_STANDARD_H

#include "qvt/rpc/health.h"
#include "qvt/rpc/reflection.h"

/* Zeroed before standard_start. */
struct standard {
    qvt_rpc_health *health;
    qvt_rpc_reflection *reflection;
};

/* Adds both services to the server; healthy is nothing yet. NO_MEMORY; to be freed either way. */
QVT_MUST_CHECK qvt_status standard_start(struct standard *standard, qvt_rpc_server *server);

/* The tracker answers from now on. NO_MEMORY. */
QVT_MUST_CHECK qvt_status standard_ready(struct standard *standard);

/* The server is about to stop; before standard_start is fine. */
void standard_drain(struct standard *standard);

/* After the server. */
void standard_free(struct standard *standard);

#endif
