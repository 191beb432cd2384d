/* One connection to the Redis that holds the data: finds it, logs in, and comes back with growing pauses when it is lost.
 *
 *   DOWN ─► RESOLVING ─► CONNECTING ─► GREETING ─► UP, for Sentinel twice: the first round asks where the master is.
 *
 * Every state falls back to DOWN. On the loop's thread. */
#ifndef QVT_SERVER_STORE_REDIS_CONN_H
#define QVT_SERVER_STORE_REDIS_CONN_H

#include <hiredis/hiredis.h>
#include <uv.h>

#include "base/log.h"
#include "server/store/redis/command.h"
#include "server/store/redis/url.h"

struct redis_conn;

struct redis_conn_options {
    uv_loop_t *loop;
    const struct redis_url *url; /* outlives it */
    const struct log *log;       /* outlives it; may be NULL */
    const char *name;            /* for the log; copied */
    qvt_slice script;            /* loaded before on_up; static; empty: none */
    uint32_t timeout_ms;         /* of connecting and of every answer */
    void (*on_up)(void *data);
    void (*on_down)(void *data); /* the connection, or an attempt to make it, failed */
    void *data;
};

/* Begins to connect. NO_MEMORY. */
QVT_MUST_CHECK qvt_status redis_conn_new(struct redis_conn **out, const struct redis_conn_options *options);

/* Answers what waits with no reply, then goes; on_up and on_down are not called any more. */
void redis_conn_close(struct redis_conn *conn, void (*on_closed)(void *data), void *data);

bool redis_conn_is_up(const struct redis_conn *conn);

/* The SHA1 of the script, as Redis said it; "" unless up. */
const char *redis_conn_script(const struct redis_conn *conn);

/* NULL: no answer came, and whether Redis got the command is not known. */
typedef void (*redis_on_reply)(void *data, const redisReply *reply);

/* Sends `before` and `command` as one command. patience_ms: on top of the timeout, for commands that block. The answer
 * comes exactly once. UNAVAILABLE: not up, nothing was sent. NO_MEMORY. Then on_reply is not called. */
QVT_MUST_CHECK qvt_status redis_conn_send(struct redis_conn *conn, const struct redis_command *before,
                                          const struct redis_command *command, uint32_t patience_ms,
                                          redis_on_reply on_reply, void *data);

/* Looks at an error that Redis answered with. MOVED: goes there. ASK: goes there and sends ASKING first from then on.
 * READONLY and others that say "not here, not now": looks for the master again. */
void redis_conn_note_error(struct redis_conn *conn, const char *error);

/* Whether ASKING goes in front of every command, and the node has not seen our script. */
bool redis_conn_is_asking(const struct redis_conn *conn);

/* Drops the connection, to find Redis anew. */
void redis_conn_restart(struct redis_conn *conn);

#endif
