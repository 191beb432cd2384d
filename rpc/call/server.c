#include "qvt/rpc/server.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "rpc/call/options.h"
#include "rpc/call/server_private.h"

enum {
    STREAM_WINDOW = 64 * 1024, /* what one held call may cost */
    CONNECTION_WINDOW = 1024 * 1024
};

static void init(qvt_rpc_server *server, qvt_rpc_runtime *runtime, const qvt_rpc_server_options *options)
{
    server->runtime = runtime;
    server->options = (qvt_rpc_server_options)QVT_RPC_SERVER_OPTIONS_INIT;
    options_read(&server->options, sizeof(server->options), options, options == NULL ? 0 : options->size);
    server->http2_options = (struct http2_options){
        .max_concurrent_streams = server->options.max_concurrent_streams,
        .max_header_bytes = server->options.max_header_bytes,
        .stream_window = STREAM_WINDOW,
        .connection_window = CONNECTION_WINDOW,
        .pool = &runtime->loop->pool,
    };
    server_noise_limits(server->http2_options.noise_limits, &server->options);
    server->setup = (struct net_conn_setup){
        .loop = runtime->loop,
        .role = HTTP2_SERVER,
        .options = &server->http2_options,
        .http2_events = &server_conn_http2_events,
        .events = &server_conn_net_events,
        .max_queued = server->options.max_queued_bytes,
    };
    list_init(&server->listeners);
    list_init(&server->conns);
    list_init(&server->unused);
}

qvt_status qvt_rpc_server_new(qvt_rpc_server **out, qvt_rpc_runtime *runtime, const qvt_rpc_server_options *options)
{
    qvt_rpc_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return QVT_NO_MEMORY;
    }
    init(server, runtime, options);
    *out = server;
    return QVT_OK;
}

void qvt_rpc_server_free(qvt_rpc_server *server)
{
    if (server == NULL) {
        return;
    }
    QVT_ASSERT(list_is_empty(&server->listeners) && list_is_empty(&server->conns));
    server_call_free_spare(server);
    server_methods_deinit(&server->methods);
    qvt_rpc_tls_unref(server->setup.tls);
    free(server);
}

qvt_status qvt_rpc_server_add_method(qvt_rpc_server *server, const qvt_rpc_method *method,
                                     const qvt_rpc_handler *handler, void *data)
{
    return server_methods_add(&server->methods, method, handler, data);
}

static void refuse_connection(qvt_rpc_server *server, int fd, const struct sockaddr_storage *peer, qvt_rpc_limit limit)
{
    char text[NET_ADDRESS_TEXT_MAX];
    net_address_format(text, peer);
    server_limit_passed(server, limit, text);
    close(fd);
}

static void on_accept(struct net_listener *net, int fd, const struct sockaddr_storage *peer)
{
    qvt_rpc_server *server = LIST_ENTRY(net, struct server_listener, net)->server;
    struct net_address_count *address = NULL;
    if (server->counters.connections_open >= server->options.max_connections) {
        refuse_connection(server, fd, peer, QVT_RPC_LIMIT_CONNECTIONS);
        return;
    }
    uint32_t max = server->options.max_connections_per_address;
    qvt_status status = net_addresses_take(&server->addresses, peer, max, &address);
    if (status == QVT_RESOURCE_EXHAUSTED) {
        refuse_connection(server, fd, peer, QVT_RPC_LIMIT_CONNECTIONS_PER_ADDRESS);
    } else if (status != QVT_OK) {
        close(fd);
    } else {
        server_conn_accept(server, fd, peer, address);
    }
}

static void on_listener_closed(struct net_listener *net)
{
    struct server_listener *listener = LIST_ENTRY(net, struct server_listener, net);
    qvt_rpc_server *server = listener->server;
    list_remove(&listener->node);
    free(listener);
    server_stop_check(server);
}

qvt_status qvt_rpc_server_listen(qvt_rpc_server *server, const char *address, qvt_error *error)
{
    struct server_listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    listener->server = server;
    listener->net.on_accept = on_accept;
    listener->net.on_closed = on_listener_closed;
    qvt_status status = net_listener_open(&listener->net, server->runtime->uv, address, error);
    if (status != QVT_OK) {
        free(listener);
        return status;
    }
    list_push_back(&server->listeners, &listener->node);
    memcpy(server->address, listener->net.address, sizeof(server->address));
    return QVT_OK;
}

const char *qvt_rpc_server_address(const qvt_rpc_server *server)
{
    return server->address;
}

void qvt_rpc_server_read_counters(const qvt_rpc_server *server, qvt_rpc_server_counters *out)
{
    *out = server->counters;
    for (const struct list *node = server->conns.next; node != &server->conns; node = node->next) {
        const struct server_conn *conn = (const void *)((const char *)node - offsetof(struct server_conn, node));
        out->bytes_received += conn->net.bytes_received;
        out->bytes_sent += conn->net.bytes_sent;
    }
}
