/* One HTTP/2 connection, server or client side: bytes in, bytes out, events. No I/O, no clock (RFC 9113). */
#ifndef QVT_RPC_HTTP2_SESSION_H
#define QVT_RPC_HTTP2_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "qvt/slice.h"
#include "qvt/status.h"
#include "rpc/http2/output.h"
#include "rpc/http2/queue.h"
#include "rpc/wire/mapping.h"

struct http2_pool;
struct http2_session;

enum http2_role { HTTP2_SERVER, HTTP2_CLIENT };

/* A header field; borrowed during the call it is given to, unless `kept` promises that name and value stay in place
 * until the stream's on_close (then they are not copied). */
struct http2_header {
    qvt_slice name;
    qvt_slice value;
    bool kept;
};

/* A stream, embedded in its owner's struct. Memory is the owner's: it must stay valid and in place until on_close, and
 * is initialised by http2_stream_init before it is given to the session. Invariants: session is NULL before it is
 * opened and from on_close on; queue is not empty only while session is set. */
struct http2_stream {
    struct http2_session *session;
    struct list open;         /* in the session */
    int32_t id;               /* -1 before it is opened */
    uint32_t header_bytes;    /* of the block being received, as RFC 9113 §6.5.2 counts */
    struct http2_queue queue; /* read it; change it only through this header */
    uint32_t reset_code;
    bool headers_too_large; /* max_header_bytes was passed: later fields were not delivered */
    bool remote_ended;      /* END_STREAM was received */
    bool headers_sent;      /* http2_stream_respond or _open was called */
    bool end_wanted;        /* http2_stream_end was called */
    bool local_ended;       /* END_STREAM is on its way or sent */
    bool data_started;      /* nghttp2 knows where the data come from */
    bool data_deferred;     /* and was told that there are none for now */
    bool reset_after_end;   /* see http2_stream_reset_when_sent */
    bool reset_sent;
    bool reset_received;
    bool refused; /* the request never left */
};

/* Frames that cost much and carry nothing. */
enum http2_noise {
    HTTP2_NOISE_EMPTY_DATA,    /* without END_STREAM */
    HTTP2_NOISE_WINDOW_UPDATE, /* beyond two for each DATA frame sent */
    HTTP2_NOISE_PING,          /* beyond one for each DATA frame sent, and acknowledgements */
    HTTP2_NOISE_SETTINGS,      /* and acknowledgements */
    HTTP2_NOISE_RESET,         /* RST_STREAM received, and those sent for the peer's mistakes */
    HTTP2_NOISE_PRIORITY,      /* and GOAWAY; frames of unknown types cost nothing and answer nothing */
    HTTP2_NOISE_COUNT
};

/* What the session tells its owner; all run inside http2_session_receive or _send, data is the session's. A callback
 * may call everything in this header but http2_session_receive, _send and _free. Those marked (may be NULL) may be
 * NULL. */
struct http2_events {
    /* Server: a request begins. The stream for it, initialised; NULL refuses it (REFUSED_STREAM). Client: NULL. */
    struct http2_stream *(*on_request)(void *data);
    /* One header or trailer field, pseudo headers too; borrowed. NO_MEMORY resets the stream (INTERNAL_ERROR). */
    qvt_status (*on_header)(struct http2_stream *stream, qvt_slice name, qvt_slice value);
    /* A header block is whole: a request's, an informational (1xx) or final response's, or trailers. When `end` is set,
     * on_end follows. */
    void (*on_headers)(struct http2_stream *stream, bool end);
    /* Data; borrowed. The connection's window is given back by itself, the stream's by http2_stream_consume. */
    void (*on_data)(struct http2_stream *stream, qvt_slice bytes);
    /* The peer will send no more on this stream; after the data and headers that came before it. */
    void (*on_end)(struct http2_stream *stream);
    /* The queue ran empty after it was not. (may be NULL) */
    void (*on_drain)(struct http2_stream *stream);
    /* The queue ran empty and the end is wanted: send trailers now with http2_stream_trailers; when this returns
     * without them (or is NULL: clients), END_STREAM goes with the last DATA. */
    void (*on_trailers)(struct http2_stream *stream);
    /* The stream is over, once: code is HTTP2_NO_ERROR after a normal end or the code of the reset, ours or theirs;
     * REFUSED_STREAM also for streams above the last id of a GOAWAY. The memory is the owner's again. */
    void (*on_close)(struct http2_stream *stream, uint32_t code);
    /* The first SETTINGS of the peer has come: the connection works. (may be NULL) */
    void (*on_settings)(void *data);
    /* GOAWAY received: no new streams; debug is borrowed. (may be NULL) */
    void (*on_goaway)(void *data, int32_t last_id, uint32_t code, qvt_slice debug);
    /* Our PING was answered; payload is 8 bytes. (may be NULL) */
    void (*on_ping_ack)(void *data, const uint8_t payload[8]);
    /* A PING came; it is answered by itself. (may be NULL) */
    void (*on_ping)(void *data);
    /* More frames of this kind than noise_limits allows have come since all of them were counted from zero. True: count
     * from zero again. False, after http2_session_calm. (may be NULL when there are no limits) */
    bool (*on_noise)(void *data, enum http2_noise kind);
    /* A header list is many times as large as max_header_bytes: http2_session_calm it. (may be NULL) */
    void (*on_bomb)(void *data);
    /* The bytes received end within a header block that began in them, and that http2_session_in_headers follows. (may
     * be NULL) */
    void (*on_unfinished_headers)(void *data);
    /* Server: a stream over the limit was refused. (may be NULL) */
    void (*on_refused)(void *data);
    /* There is something to send where there was nothing: see to it that http2_session_send is called soon. Also called
     * from functions outside receive and send. */
    void (*on_output)(void *data);
};

struct http2_options {
    uint32_t max_concurrent_streams; /* that the peer may open; clients: ignored */
    uint32_t max_header_bytes;       /* a received header list; announced and enforced */
    uint32_t stream_window;          /* bytes of one stream that may be unconsumed; 65535 is HTTP/2's default */
    uint32_t connection_window;      /* at least 65535 */
    struct http2_pool *pool;         /* where nghttp2's memory comes from, outlives the session; NULL: malloc */
    uint32_t noise_limits[HTTP2_NOISE_COUNT]; /* 0: none */
};

/* Makes a session; events is kept and must outlive it, options is copied. A client's preface and SETTINGS are queued at
 * once, a server's SETTINGS when the first bytes have come. NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_session_new(struct http2_session **out, enum http2_role role,
                                            const struct http2_options *options, const struct http2_events *events,
                                            void *data);

/* Frees the session; open streams get on_close with HTTP2_CANCEL first. NULL is fine. */
void http2_session_free(struct http2_session *session);

/* Handles bytes that arrived. Not OK: no further bytes may be given; send what is queued (a GOAWAY perhaps) and close.
 * INVALID_ARGUMENT for what is not HTTP/2, UNAVAILABLE for a peer that floods, NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_session_receive(struct http2_session *session, qvt_slice bytes);

/* Adds frames to the output until nothing is left to send or the batch is full (then http2_session_wants_send stays
 * true). NO_MEMORY: the connection is broken. */
QVT_MUST_CHECK qvt_status http2_session_send(struct http2_session *session, struct http2_output *output);

bool http2_session_wants_send(const struct http2_session *session);

/* Nothing left to read and nothing to send (after GOAWAY, or a connection error): close the transport. */
bool http2_session_is_done(const struct http2_session *session);

/* Whether a header block has begun to come and is not whole. */
bool http2_session_in_headers(const struct http2_session *session);

/* Whether the peer's preface and first SETTINGS have come. */
bool http2_session_is_ready(const struct http2_session *session);

/* Message bytes queued on all streams. */
size_t http2_session_queued(const struct http2_session *session);

/* Streams that are open now. */
size_t http2_session_stream_count(const struct http2_session *session);

/* How many streams the peer lets this client have open (its MAX_CONCURRENT_STREAMS). */
uint32_t http2_session_peer_max_streams(const struct http2_session *session);

/* Sends PING. NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_session_ping(struct http2_session *session, const uint8_t payload[8]);

/* First step of a graceful stop: GOAWAY(2^31-1) says that new streams should not come but are still served, and a PING
 * behind it, whose acknowledgement proves that the peer has read it. NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_session_announce_stop(struct http2_session *session, const uint8_t payload[8]);

/* Second step, or an abrupt one with a code: GOAWAY with the last stream handled; later streams are ignored. Open
 * streams go on; http2_session_is_done once they have ended. debug may be empty. NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_session_goaway(struct http2_session *session, uint32_t code, qvt_slice debug);

/* Whether HEADERS or DATA were sent since the last time this was asked. */
bool http2_session_take_answered(struct http2_session *session);

/* Ends the connection for what the peer does: GOAWAY(ENHANCE_YOUR_CALM) with this text, and http2_session_receive gives
 * UNAVAILABLE. Within on_noise, on_bomb and on_ping only. */
void http2_session_calm(struct http2_session *session, const char *debug);

/* --- streams --- */

/* A stream that is in no session. */
void http2_stream_init(struct http2_stream *stream);

/* After on_close, or when never opened: frees the queue. */
void http2_stream_deinit(struct http2_stream *stream);

/* After on_close: ready for another use; memory of the queue is kept up to keep_cap bytes. */
void http2_stream_recycle(struct http2_stream *stream, size_t keep_cap);

/* Client: opens a stream with the request's headers, pseudo headers first. UNAVAILABLE when the connection takes no
 * new streams (GOAWAY, ids used up), NO_MEMORY: then the stream is not open and gets no on_close. Streams over the
 * peer's maximum wait inside. */
QVT_MUST_CHECK qvt_status http2_stream_open(struct http2_stream *stream, struct http2_session *session,
                                            const struct http2_header *headers, size_t count);

/* Server: sends the response's headers, `:status` first; end: with END_STREAM and nothing after them (trailers-only).
 * Once. NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_stream_respond(struct http2_stream *stream, const struct http2_header *headers,
                                               size_t count, bool end);

/* Queues a length-prefixed message: the concatenation of the parts, copied, or a shared one, or of both. After the
 * headers, before the end. RESOURCE_EXHAUSTED over 4 GiB, NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_stream_send(struct http2_stream *stream, const qvt_slice *parts, size_t part_count);
QVT_MUST_CHECK qvt_status http2_stream_send_blob(struct http2_stream *stream, qvt_blob *message);
QVT_MUST_CHECK qvt_status http2_stream_send_parts(struct http2_stream *stream, const qvt_blob_part *parts,
                                                  size_t part_count);

/* Queues plain bytes, for answers that are not gRPC. As above. */
QVT_MUST_CHECK qvt_status http2_stream_send_bytes(struct http2_stream *stream, qvt_slice bytes);

/* Ends our side once the queue is empty: on_trailers, or END_STREAM (on an empty DATA when the queue is empty).
 * NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_stream_end(struct http2_stream *stream);

/* Sends trailers with END_STREAM. In on_trailers, or at any time after the queue was dropped with http2_stream_drop.
 * NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_stream_trailers(struct http2_stream *stream, const struct http2_header *headers,
                                                size_t count);

/* Drops what is queued and not sent. */
void http2_stream_drop(struct http2_stream *stream);

/* Sends RST_STREAM(code) as soon as END_STREAM of ours has been sent: with the trailers of an early or late answer. */
void http2_stream_reset_when_sent(struct http2_stream *stream, uint32_t code);

/* Whether END_STREAM of ours has been sent, not only queued. */
bool http2_stream_is_sent(const struct http2_stream *stream);

/* Sends RST_STREAM(code) now; on_close follows when it is sent, never before this returns. NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_stream_reset(struct http2_stream *stream, uint32_t code);

/* Gives `count` bytes of received data back to the stream's window. NO_MEMORY. */
QVT_MUST_CHECK qvt_status http2_stream_consume(struct http2_stream *stream, size_t count);

#endif
