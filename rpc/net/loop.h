/* What all connections of one event loop share: the read buffer, the output batch, the timers, and one flush a turn. */
#ifndef QVT_RPC_NET_LOOP_H
#define QVT_RPC_NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "base/list.h"
#include "qvt/status.h"
#include "rpc/http2/output.h"
#include "rpc/http2/pool.h"
#include "rpc/net/timer.h"
#include "rpc/net/tls_session.h"

enum { NET_READ_CAP = 64 * 1024 };

/* Invariant: the buffers and output are in use only within one callback, so that one of each serves every
 * connection. */
struct net_loop {
    uv_loop_t *uv;
    struct net_timers timers;
    uv_prepare_t flush;     /* before the loop sleeps: what a turn produced for a connection goes out in one write */
    struct list unflushed;  /* net_conn.unflushed */
    uint64_t turn;          /* of the loop: how often it has gone to sleep */
    struct http2_pool pool; /* for the sessions of all connections */
    int handles_open;
    void (*on_closed)(void *data);
    void *data;
    struct buf tls_out; /* what a TLS session has made; sent at once */
    char read_buffer[NET_READ_CAP];
    char tls_plain[NET_READ_CAP];
    char tls_record[TLS_RECORD_BYTES];
    struct http2_output output;
};

/* NO_MEMORY. The loop is lent until net_loop_close has finished. Does not keep the loop alive by itself. */
QVT_MUST_CHECK qvt_status net_loop_new(struct net_loop **out, uv_loop_t *uv);

/* Closes the handles; every connection must be closed. on_closed runs within a later turn, then the loop is freed. */
void net_loop_close(struct net_loop *loop, void (*on_closed)(void *data), void *data);

#endif
