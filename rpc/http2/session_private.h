/* The inside of a session, for the files of this folder. */
#ifndef QVT_RPC_HTTP2_SESSION_PRIVATE_H
#define QVT_RPC_HTTP2_SESSION_PRIVATE_H

#include <nghttp2/nghttp2.h>

#include "base/list.h"
#include "rpc/http2/ended.h"
#include "rpc/http2/frames.h"
#include "rpc/http2/session.h"

struct http2_session {
    nghttp2_session *ng; /* servers: NULL until the first bytes come, so that silent connections cost little */
    struct http2_options options;
    const struct http2_events *events;
    void *data;
    struct list streams;            /* http2_stream.open */
    struct http2_stream *receiving; /* whose header block is being received; NULL: nobody's */
    struct http2_output *output;    /* only within http2_session_send */
    struct http2_stream *emptied;   /* whose last data are in the frame being sent; NULL: nobody's */
    size_t queued;
    size_t stream_count;
    size_t resets_waiting;             /* streams with reset_after_end */
    uint32_t noise[HTTP2_NOISE_COUNT]; /* frames counted */
    int32_t last_id;                   /* of the requests received */
    int32_t skipped_low;               /* the range of ids that the client passed over last; 0: none */
    int32_t skipped_high;
    struct http2_frames frames;
    uint32_t blocks_told;     /* on_unfinished_headers was called for this one */
    struct http2_ended ended; /* servers only */
    enum http2_role role;
    bool ready;
    bool ping_after_goaway; /* nghttp2 would send a PING before a GOAWAY that was queued earlier */
    uint8_t ping_payload[8];
    bool answered;    /* HEADERS or DATA were sent, see http2_session_take_answered */
    bool calmed;      /* http2_session_calm was called */
    bool output_told; /* on_output was called and http2_session_send was not since */
};

/* DATA begins, as far as nghttp2 has read; it tells nobody of DATA that it drops. 0, or NGHTTP2_ERR_CALLBACK_FAILURE when
 * the connection is ended for it. */
int http2_session_data_begins(struct http2_session *session, const nghttp2_frame_hd *head);

/* The callbacks that a session of nghttp2 is made with. NULL when out of memory. */
nghttp2_session_callbacks *http2_callbacks_new(void);

/* Puts the stream on the session's list of open ones. */
void http2_stream_attach(struct http2_stream *stream, struct http2_session *session, int32_t id);

/* Takes the stream out of the session and gives it back to its owner. */
void http2_stream_detach(struct http2_stream *stream, uint32_t code);

/* Where nghttp2 gets the data of a stream from: source.ptr is the stream. */
ssize_t http2_stream_read(nghttp2_session *ng, int32_t id, uint8_t *bytes, size_t len, uint32_t *flags,
                          nghttp2_data_source *source, void *data);
int http2_stream_write(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t len,
                       nghttp2_data_source *source, void *data);

/* Has nghttp2 ask for data, for the first time or again; as nghttp2 returns. */
int http2_stream_offer(struct http2_stream *stream);

/* A DATA frame was sent. A stream that it left without data is asked again only when there are some: nghttp2 forgets it,
 * which is cheaper than to have it ask in vain. As nghttp2 returns. */
int http2_stream_emptied(struct http2_session *session);

/* Says once that there is something to send. */
void http2_session_tell_output(struct http2_session *session);

/* NO_MEMORY for nghttp2's own fatal errors, OK for the others: what they concern is over and on_close tells. */
qvt_status http2_session_check(int result);

#endif
