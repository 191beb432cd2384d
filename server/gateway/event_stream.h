/* Private to server/gateway: a watch as Server-Sent Events or newline-delimited JSON (SPEC §6.1). */
#ifndef QVT_SERVER_GATEWAY_EVENT_STREAM_H
#define QVT_SERVER_GATEWAY_EVENT_STREAM_H

#include "quark/version/v1/version_tracker.pb-c.h"
#include "server/gateway/request.h"

/* Answers the request with the watch it asks for, or with an error. Last-Event-ID wins over resume_after; Accept says the
 * format, text/event-stream unless application/x-ndjson comes without it. */
void event_stream_start(struct request *request, const Quark__Version__V1__WatchRequest *watch);

/* The request of the stream is about to go: ends its watch. */
void event_stream_leave(struct event_stream *stream);

/* Sends a comment on each event stream that has been quiet since the last time. */
void event_streams_keep_alive(struct gateway *gateway);

/* One of gateway->closing is done; the last one, after gateway_close, frees the gateway. */
void gateway_closed_one(struct gateway *gateway);

#endif
