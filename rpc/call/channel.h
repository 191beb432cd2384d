/* The inside of a channel: one connection at a time to the first endpoint that answers, and the calls that wait for it.
 *
 *   IDLE ── a call ──▶ CONNECTING ── SETTINGS ──▶ READY ── lost, GOAWAY ──▶ IDLE
 *                       ▲      └── every address of every endpoint failed ──▶ TRANSIENT_FAILURE
 *                       └──────────────── back-off over, calls wait ──────────────┘
 *
 * Everything that ends in a callback of the user or frees a connection is done from `soon`, in the loop's next turn, so
 * that it never happens inside a function the user called. */
#ifndef QVT_RPC_CALL_CHANNEL_H
#define QVT_RPC_CALL_CHANNEL_H

#include <stdbool.h>

#include <uv.h>

#include "base/buf.h"
#include "base/list.h"
#include "qvt/rpc/client.h"
#include "rpc/call/channel_backoff.h"
#include "rpc/call/channel_endpoint.h"
#include "rpc/call/runtime.h"
#include "rpc/http2/session.h"
#include "rpc/net/conn.h"
#include "rpc/wire/metadata.h"
#include "rpc/net/timer.h"

/* One connection. Invariants: it is in channel->conns until on_closed; it is channel->current while it is neither
 * retired nor lost. */
struct channel_conn {
    struct net_conn net;
    qvt_rpc_channel *channel;
    struct list link;
    size_t streams;   /* opened and not yet closed */
    bool retired;     /* takes no new calls; closed once streams is 0 */
    bool closed;      /* net_conn_close was called */
    const char *lost; /* why the transport ended; static; NULL while it lives */
    struct net_timer keepalive;
    uint64_t asked_ms; /* when our PING went out; 0: none is open */
    char endpoint[CHANNEL_ENDPOINT_MAX];
};

/* One round through the endpoints. */
struct channel_round {
    size_t endpoints_left;
    struct sockaddr_storage *addresses; /* of channel->endpoint */
    size_t address_count;
    size_t address; /* the next to try */
    bool resolved;  /* addresses are those of the endpoint, or being looked up */
    uint64_t started_ms;
};

/* Invariants: each call is in `waiting` or has its stream open or is over; `timer` runs for the attempt that current
 * makes while CONNECTING, and for the back-off while in TRANSIENT_FAILURE. */
struct qvt_rpc_channel {
    qvt_rpc_runtime *runtime;
    qvt_rpc_channel_options options;
    char *user_agent;
    struct metadata_list metadata; /* of every call, in its form on the wire */
    struct channel_endpoint *endpoints;
    size_t endpoint_count;
    size_t endpoint; /* in use or tried last */
    qvt_rpc_channel_state state;
    struct net_conn_setup setup;
    struct channel_conn *current;
    struct list conns;   /* channel_conn.link */
    struct list calls;   /* client_call.sibling: all that are not freed */
    struct list waiting; /* client_call.link */
    struct list todo;    /* client_call.todo */
    uv_idle_t soon;      /* active while there is something to do; runs before the turn's output is sent */
    struct net_timer timer;
    struct channel_round round;
    uv_getaddrinfo_t resolving;
    bool is_resolving;
    bool is_resolve_stale; /* its answer is not for this round */
    bool step_due;         /* the next address or endpoint is to be tried */
    bool closing;
    struct backoff backoff;
    uint32_t keepalive_ms; /* the options', doubled for each server that found it too often */
    char failure[CHANNEL_ENDPOINT_MAX + TLS_FAILURE_MAX + 32]; /* why the last attempt failed */
    struct http2_header *headers;                              /* scratch of client_headers.c */
    size_t header_cap;
    struct details *last_error; /* of blocking.c; NULL before its first call */
    void (*on_closed)(void *data);
    void *closed_data;
};

/* Sees to it that `soon` runs in the next turn of the loop. */
void channel_soon(qvt_rpc_channel *channel);

void channel_set_state(qvt_rpc_channel *channel, qvt_rpc_channel_state state);

/* Begins a round from the current endpoint when IDLE. */
void channel_want_connection(qvt_rpc_channel *channel);

/* Whether calls can be opened on channel->current. */
static inline bool channel_is_ready(const qvt_rpc_channel *channel)
{
    return channel->state == QVT_RPC_CHANNEL_READY;
}

/* Gives every waiting call to the connection when there is one; else fails those that do not wait, or connects. */
void channel_dispatch(qvt_rpc_channel *channel);

/* --- channel_connect.c: the round --- */

/* One step of the round: resolve, or try the next address, or give the round up. */
void channel_step(qvt_rpc_channel *channel);

/* The attempt has failed and its connection, if any, is no longer current: remembers why, a step follows. */
void channel_attempt_failed(qvt_rpc_channel *channel, const char *why);

/* CONNECTING: the attempt is given up, and with it the rest of the endpoint; a step follows. */
void channel_leave_endpoint(qvt_rpc_channel *channel);

/* A step follows from `soon`. */
void channel_step_soon(qvt_rpc_channel *channel);

/* The attempt succeeded: SETTINGS have come. */
void channel_attempt_succeeded(qvt_rpc_channel *channel);

/* Stops the round and frees its addresses. */
void channel_abandon_round(qvt_rpc_channel *channel);

/* --- channel_resolve.c --- */

/* Fills round.addresses for the current endpoint, now or later; ends in a step or a failed attempt. */
void channel_resolve(qvt_rpc_channel *channel);

/* --- channel_conn.c --- */

void channel_conn_fill_setup(struct net_conn_setup *setup, struct net_loop *loop);

/* Connects to the address; channel->current is set. Ends in channel_attempt_…. UNAVAILABLE, NO_MEMORY. */
QVT_MUST_CHECK qvt_status channel_conn_open(qvt_rpc_channel *channel, const struct sockaddr_storage *address);

/* Takes no new calls from now on; the channel has no connection then. Closed from `soon` once it has no streams. */
void channel_conn_retire(struct channel_conn *conn);

/* The transport is as good as lost: ends the connection's calls and closes it. Outside functions that the user calls. */
void channel_conn_give_up(struct channel_conn *conn, const char *why);

/* Closes the retired connections that are done, or all of them. From `soon` only. */
void channel_close_conns(qvt_rpc_channel *channel, bool all);

/* --- channel_keepalive.c --- */

/* The connection works: PINGs ask for a sign of life where there is none, as the channel's options say. */
void channel_keepalive_start(struct channel_conn *conn);
void channel_keepalive_stop(struct channel_conn *conn);

/* A server said `too_many_pings`. */
void channel_keepalive_calm(qvt_rpc_channel *channel);

#endif
