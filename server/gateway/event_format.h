/* A watch's messages as text: Server-Sent Events (WHATWG HTML §9.2) and newline-delimited JSON. */
#ifndef QVT_SERVER_GATEWAY_EVENT_FORMAT_H
#define QVT_SERVER_GATEWAY_EVENT_FORMAT_H

#include "server/service/watch.h"

/* `id: <position>` (not within a walk), `data: <WatchResponse as JSON>`, empty line. */
extern const struct watch_format event_format_sse;

/* The WatchResponse as JSON, line end. */
extern const struct watch_format event_format_ndjson;

#endif
