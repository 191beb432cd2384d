/* Watch over gRPC: the first request says what and from where, later ones acknowledge. */
#ifndef QVT_SERVER_SERVICE_WATCH_STREAM_H
#define QVT_SERVER_SERVICE_WATCH_STREAM_H

#include "quark/version/v1/version_tracker.server.h"

/* The stream's callbacks, self being the service. Static. */
extern const quark_version_v1_version_tracker_watch_handler watch_stream_handler;

#endif
