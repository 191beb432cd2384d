/* The inside of a client's call. */
#ifndef QVT_RPC_CALL_CLIENT_CALL_H
#define QVT_RPC_CALL_CLIENT_CALL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "qvt/rpc/client.h"
#include "rpc/call/channel.h"
#include "rpc/call/client_response.h"
#include "rpc/http2/session.h"
#include "rpc/net/timer.h"
#include "rpc/wire/frame.h"
#include "rpc/wire/metadata.h"

/* Sent bytes kept for a second attempt. */
enum { CLIENT_REPLAY_MAX = 256 * 1024 };

/* Invariants: conn is set exactly while stream.session is. A call is over once its ending is known; it is told (on_end)
 * once after that, and freed when it is both told and without a stream. */
struct qvt_rpc_client_call {
    struct http2_stream stream;
    qvt_rpc_channel *channel;
    struct channel_conn *conn;
    struct list sibling; /* channel->calls */
    struct list link;    /* channel->waiting */
    struct list todo;    /* channel->todo */
    const qvt_rpc_method *method;
    qvt_rpc_client_callbacks callbacks;
    void *data;
    struct net_timer deadline;
    uint64_t deadline_ms;          /* on net_timer_now_ms's clock; 0: none */
    struct metadata_list metadata; /* of the request, as on the wire */
    struct buf replay;             /* framed messages: all that were sent while replayable, else those that wait */
    struct frame_decoder decoder;
    struct buf stash;    /* data received while held */
    struct buf inflated; /* a message that came compressed */
    struct client_response response;
    unsigned attempts; /* streams opened so far */
    bool wait_for_ready;
    bool gzip_out; /* the headers say that messages may be compressed */
    bool compress; /* those sent from now on are */
    bool half_closed;
    bool replayable;
    bool held;
    bool feeding;     /* messages are being delivered right now */
    bool server_done; /* END_STREAM came, perhaps behind stashed data */
    bool over;
    bool told;
};

/* --- client_call.c --- */

/* Ends the call with a status of our own and resets its stream; on_end follows from `soon`. Harmless when over. */
void client_call_fail(qvt_rpc_client_call *call, qvt_status status, const char *format, ...) QVT_PRINTF(3, 4);

/* The ending is in response.ending: the call is over, its stream is reset unless both sides are done with it. */
void client_call_set_over(qvt_rpc_client_call *call);

/* Calls on_end of a call that is over, and releases it. */
void client_call_tell(qvt_rpc_client_call *call);

/* Frees the call once it is told and its stream is closed. */
void client_call_release(qvt_rpc_client_call *call);

/* What `soon` owes the call: on_end, or the messages that were stashed. */
void client_call_work(qvt_rpc_client_call *call);

/* --- client_open.c --- */

/* Opens the call's stream on the channel's connection with what is queued. UNAVAILABLE when that takes no new
 * streams, NO_MEMORY; both leave the call as it was. */
QVT_MUST_CHECK qvt_status client_call_open(qvt_rpc_client_call *call);

/* --- client_receive.c: the events of streams --- */

qvt_status client_on_header(struct http2_stream *stream, qvt_slice name, qvt_slice value);
void client_on_headers(struct http2_stream *stream, bool end);
void client_on_data(struct http2_stream *stream, qvt_slice bytes);
void client_on_end(struct http2_stream *stream);
void client_on_drain(struct http2_stream *stream);
void client_on_close(struct http2_stream *stream, uint32_t code);

/* Delivers stashed data. */
void client_feed_stash(qvt_rpc_client_call *call);

/* Adds an entry in its form on the wire. INVALID_ARGUMENT, NO_MEMORY. */
QVT_MUST_CHECK qvt_status client_metadata_add(struct metadata_list *out, const qvt_rpc_metadata_entry *entry);

#endif
