/* From a name to a connection. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/store/redis/conn_base.h"
#include "server/store/redis/poll.h"

enum { PAUSE_FIRST_MS = 50, PAUSE_LAST_MS = 2000 };

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis_conn *conn = context->data;
    if (conn == NULL || conn->context != context) {
        return;
    }
    if (status != REDIS_OK) {
        conn->context = NULL; /* hiredis frees it */
        conn_fail(conn, "it cannot be reached");
        return;
    }
    conn->state = CONN_GREETING;
    if (conn_greet(conn) != QVT_OK) {
        conn_fail(conn, "out of memory");
    }
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis_conn *conn = context->data;
    (void)status;
    if (conn != NULL && conn->context == context) {
        conn->context = NULL;
        conn_fail(conn, context->err != 0 ? context->errstr : "it was closed");
    }
}

static void connect_to(struct redis_conn *conn, const char *address)
{
    redisAsyncContext *context = redisAsyncConnect(address, conn->target.port);
    if (context == NULL || context->err != 0) {
        if (context != NULL) {
            redisAsyncFree(context);
        }
        conn_fail(conn, "it cannot be reached");
        return;
    }
    if (redis_poll_attach(context, conn->options.loop, conn_closed_one, conn) != QVT_OK) {
        redisAsyncFree(context);
        conn_fail(conn, "out of memory");
        return;
    }
    conn->open++;
    conn->context = context;
    conn->state = CONN_CONNECTING;
    context->data = conn;
    (void)redisAsyncSetConnectCallback(context, on_connect);
    (void)redisAsyncSetDisconnectCallback(context, on_disconnect);
}

static void on_resolved(uv_getaddrinfo_t *resolver, int status, struct addrinfo *found)
{
    struct redis_conn *conn = resolver->data;
    char address[64] = "";
    conn->resolving = false;
    if (status == 0 && found->ai_family == AF_INET6) {
        (void)uv_ip6_name((const struct sockaddr_in6 *)(const void *)found->ai_addr, address, sizeof address);
    } else if (status == 0) {
        (void)uv_ip4_name((const struct sockaddr_in *)(const void *)found->ai_addr, address, sizeof address);
    }
    uv_freeaddrinfo(found);
    if (!conn->closing && conn->state == CONN_RESOLVING) {
        if (address[0] == '\0') {
            conn_fail(conn, "its name cannot be resolved");
        } else {
            connect_to(conn, address);
        }
    }
    conn_closed_one(conn);
}

static void resolve(struct redis_conn *conn)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[8];
    if (conn->resolving) {
        conn_fail(conn, "its name is still being resolved");
        return;
    }
    (void)snprintf(port, sizeof port, "%u", (unsigned)conn->target.port);
    conn->state = CONN_RESOLVING;
    conn->resolver.data = conn;
    (void)uv_timer_start(&conn->timer, conn_on_timer, conn->options.timeout_ms, 0);
    if (uv_getaddrinfo(conn->options.loop, &conn->resolver, on_resolved, conn->target.host, port, &hints) != 0) {
        conn_fail(conn, "its name cannot be resolved");
        return;
    }
    conn->resolving = true;
    conn->open++;
}

static void on_pause_over(uv_timer_t *timer)
{
    struct redis_conn *conn = timer->data;
    const struct redis_url *url = conn->options.url;
    conn->asks_sentinel = url->kind == REDIS_SENTINEL && conn->told.port == 0;
    conn->target = conn->told.port != 0 ? conn->told : url->addresses[conn->next % url->count];
    resolve(conn);
}

/* Not at once: hiredis may be in a callback of the context before. */
void conn_connect_soon(struct redis_conn *conn)
{
    (void)uv_timer_start(&conn->timer, on_pause_over, conn->pause_ms, 0);
    conn->pause_ms = conn->pause_ms == 0 ? PAUSE_FIRST_MS : conn->pause_ms * 2;
    conn->pause_ms = conn->pause_ms > PAUSE_LAST_MS ? PAUSE_LAST_MS : conn->pause_ms;
}

qvt_status redis_conn_new(struct redis_conn **out, const struct redis_conn_options *options)
{
    struct redis_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        return QVT_NO_MEMORY;
    }
    conn->options = *options;
    (void)snprintf(conn->name, sizeof conn->name, "%s", options->name);
    list_init(&conn->requests);
    conn->open = 1;
    (void)uv_timer_init(options->loop, &conn->timer);
    conn->timer.data = conn;
    *out = conn;
    conn_connect_soon(conn);
    return QVT_OK;
}
