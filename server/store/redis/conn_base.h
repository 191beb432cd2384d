/* The inside of a connection. Private to conn.c, greet.c and connect.c. */
#ifndef QVT_SERVER_STORE_REDIS_CONN_BASE_H
#define QVT_SERVER_STORE_REDIS_CONN_BASE_H

#include <hiredis/async.h>

#include "base/list.h"
#include "server/store/redis/conn.h"

#define REDIS_SHA_LEN 40
#define WARN_EVERY_MS 5000u
#define SCRATCH_KEPT_BYTES (512u << 10)

enum conn_state { CONN_DOWN, CONN_RESOLVING, CONN_CONNECTING, CONN_GREETING, CONN_UP };

struct redis_request {
    struct list link; /* in conn->requests, oldest first */
    struct redis_conn *conn;
    redis_on_reply on_reply;
    void *data;
    uint64_t due_ms;
};

struct redis_conn {
    struct redis_conn_options options;
    char name[64];
    enum conn_state state;
    redisAsyncContext *context;
    struct list requests;
    uv_timer_t timer; /* DOWN: the pause; UP: the oldest request's time; else the whole connecting's */
    uv_getaddrinfo_t resolver;
    bool resolving;
    uint32_t pause_ms;
    uint32_t next;               /* of the url's addresses */
    struct redis_address target; /* where it connects to */
    struct redis_address told;   /* by MOVED, ASK or a Sentinel; port 0: none */
    bool asks_sentinel;          /* this round */
    bool asking;
    char sha[REDIS_SHA_LEN + 1];
    struct buf scratch; /* what was sent last; kept, for an append comes after an append */
    size_t open;        /* handles, ours and those of polls */
    bool closing;
    char warned[96];    /* why it is down, as the log says; "": it does not */
    uint64_t warned_ms; /* when */
    void (*on_closed)(void *data);
    void *on_closed_data;
};

/* ---- conn.c ---- */

/* One handle, or the connection's own end, is gone. */
void conn_closed_one(void *conn);

/* hiredis lets go of the context; every request is answered before this returns, unless hiredis is in a callback: then
 * soon after. */
void conn_drop_context(struct redis_conn *conn);

/* Down, and up again after a pause; `why` goes to the log. */
void conn_go_down(struct redis_conn *conn, const char *why);

/* The same, and where a Sentinel or a node sent us is forgotten. */
void conn_fail(struct redis_conn *conn, const char *why);

/* Sends whatever the state. */
QVT_MUST_CHECK qvt_status conn_send_now(struct redis_conn *conn, const struct redis_command *before,
                                        const struct redis_command *command, uint32_t patience_ms,
                                        redis_on_reply on_reply, void *data);

/* Of the timer unless down. */
void conn_on_timer(uv_timer_t *timer);

/* ---- greet.c ---- */

/* Logs in, asks what must be known, and comes up. */
QVT_MUST_CHECK qvt_status conn_greet(struct redis_conn *conn);

/* ---- connect.c ---- */

/* Not at once: hiredis may be in a callback of the context before. */
void conn_connect_soon(struct redis_conn *conn);

#endif
