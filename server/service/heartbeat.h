/* HeartbeatStream: an answer for each request, in order; the first refusal ends the stream. */
#ifndef QVT_SERVER_SERVICE_HEARTBEAT_H
#define QVT_SERVER_SERVICE_HEARTBEAT_H

#include "quark/version/v1/version_tracker.server.h"

/* The stream's callbacks, self being the service. Static. */
extern const quark_version_v1_version_tracker_heartbeat_stream_handler heartbeat_stream_handler;

#endif
