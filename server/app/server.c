/* Start: store → service → listeners → records loaded → ready. Drain: listeners → watches → open calls → service →
 * store; each step begins when the one before is done, the open calls have drain_grace_ms. */
#include "server/app/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "rpc/call/runtime.h"
#include "server/app/auth.h"
#include "server/app/certificates.h"
#include "server/app/driver.h"
#include "server/app/entropy_pool.h"
#include "server/app/exposure.h"
#include "server/app/listen_address.h"
#include "server/app/open_store.h"
#include "server/app/settings_limits.h"
#include "server/app/standard.h"
#include "server/gateway/gateway.h"

enum { DRAIN_LOOK_MS = 10 };

struct server {
    const struct settings *settings;
    const struct log *log;
    uv_loop_t loop;
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_signal_t hangup;
    uv_timer_t drain_timer;
    struct store *store;
    struct guard *guard; /* NULL: without --auth-file */
    struct service *service;
    struct driver driver;
    struct entropy_pool entropy;
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *grpc;
    struct standard standard;
    struct gateway *gateway;
    qvt_rpc_tls *tls; /* NULL: cleartext */
    uint64_t drain_until_ms;
    bool draining;
    bool grpc_closed;
    bool failed; /* could not start: error says why */
    qvt_error *error;
};

static void fail(struct server *server, const qvt_error *error);

static void on_wake(void *data)
{
    struct server *server = data;
    driver_wake(&server->driver);
}

static void on_loaded(void *data, const qvt_error *error)
{
    struct server *server = data;
    qvt_error failure = *error;
    if (failure.status == QVT_OK && standard_ready(&server->standard) != QVT_OK) {
        (void)qvt_error_set(&failure, QVT_NO_MEMORY, NULL, "out of memory");
    }
    if (failure.status != QVT_OK) {
        fail(server, &failure);
        return;
    }
    printf("ready grpc=%s http=%s\n", qvt_rpc_server_address(server->grpc), gateway_address(server->gateway));
    fflush(stdout);
    log_write(server->log, LOG_INFO, "ready", log_text("grpc", qvt_rpc_server_address(server->grpc)),
              log_text("http", gateway_address(server->gateway)));
}

/* ---- drain ---- */

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/* Without a handle their default action counts again: who asks twice for the end would find a process that was killed. */
static void block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static void on_store_closed(void *data)
{
    struct server *server = data;
    block_signals();
    close_handle((uv_handle_t *)&server->terminate);
    close_handle((uv_handle_t *)&server->interrupt);
    close_handle((uv_handle_t *)&server->hangup);
    close_handle((uv_handle_t *)&server->drain_timer);
}

static void on_driver_closed(void *data)
{
    struct server *server = data;
    store_close(server->store, on_store_closed, server);
}

static void on_gateway_closed(void *data)
{
    struct server *server = data;
    server->gateway = NULL;
    driver_close(&server->driver, on_driver_closed, server);
}

static void on_service_closed(void *data)
{
    struct server *server = data;
    server->service = NULL;
    if (server->gateway != NULL) {
        gateway_close(server->gateway, on_gateway_closed, server);
    } else {
        on_gateway_closed(server);
    }
}

/* Open calls are over, or had their time. */
static void on_drain_look(uv_timer_t *timer)
{
    struct server *server = timer->data;
    bool http_idle = server->gateway == NULL || gateway_is_idle(server->gateway);
    if (server->grpc_closed && (http_idle || uv_now(&server->loop) >= server->drain_until_ms)) {
        uv_timer_stop(timer);
        server->driver.service = NULL;
        if (server->gateway != NULL) {
            gateway_refuse(server->gateway);
        }
        service_close(server->service, on_service_closed, server);
    }
}

static void on_grpc_closed(void *data)
{
    struct server *server = data;
    server->grpc_closed = true;
}

static void drain(struct server *server)
{
    if (server->draining) {
        return;
    }
    server->draining = true;
    server->drain_until_ms = uv_now(&server->loop) + server->settings->drain_grace_ms;
    if (server->gateway != NULL) {
        gateway_drain(server->gateway);
    }
    standard_drain(&server->standard);
    service_drain(server->service);
    if (server->grpc == NULL) {
        server->grpc_closed = true;
    } else {
        qvt_rpc_server_shutdown(server->grpc, (uint32_t)server->settings->drain_grace_ms, on_grpc_closed, server);
    }
    uv_timer_start(&server->drain_timer, on_drain_look, 0, DRAIN_LOOK_MS);
}

static void fail(struct server *server, const qvt_error *error)
{
    server->failed = true;
    *server->error = *error;
    drain(server);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    log_write(server->log, LOG_INFO, "draining", log_int("signal", number),
              log_uint("grace_ms", server->settings->drain_grace_ms));
    drain(server);
}

/* ---- reload ---- */

/* Connections that are there keep what they began with. */
static void use_tls(struct server *server, qvt_rpc_tls *tls)
{
    qvt_rpc_tls_unref(server->tls);
    server->tls = tls;
    qvt_rpc_server_use_tls(server->grpc, tls);
    gateway_use_tls(server->gateway, tls);
    log_write(server->log, LOG_INFO, "tls files reloaded", log_int("expires_at", qvt_rpc_tls_expires_at(tls)));
    certificates_warn(tls, server->log);
}

static void reload_tls(struct server *server)
{
    qvt_rpc_tls *tls = NULL;
    qvt_error error;
    if (server->tls == NULL || server->draining || server->gateway == NULL) {
        return;
    }
    if (certificates_load(&tls, server->settings, &error) != QVT_OK) {
        log_write(server->log, LOG_ERROR, "tls files not reloaded", log_text("reason", error.message));
        return;
    }
    use_tls(server, tls);
}

/* The files that are read again while the server runs. */
static void on_hangup(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    (void)number;
    if (server->guard != NULL && auth_reload(server->guard, server->settings, server->log) && server->service != NULL) {
        service_recheck(server->service);
    }
    reload_tls(server);
}

/* ---- start ---- */

static qvt_status start_service(struct server *server, qvt_error *error)
{
    const struct settings *settings = server->settings;
    const struct service_options options = {
        .store = server->store,
        .entropy = &server->entropy.entropy,
        .log = server->log,
        .guard = server->guard,
        .limits = settings_limits(settings),
        .clusters_max = (uint32_t)settings->clusters_max,
        .page_size_max = (uint32_t)settings->page_size_max,
        .message_bytes_max = (uint32_t)settings->message_bytes_max,
        .cache_ttl_ms = (uint32_t)settings->cache_ttl_ms,
        .progress_interval_ms = (uint32_t)settings->progress_interval_ms,
        .find_cache_bytes = settings->find_cache_bytes,
        .watch_stall_ms = (uint32_t)settings->watch_stall_ms,
        .observer = {on_wake, on_loaded, server},
    };
    if (service_new(&server->service, &options) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    return QVT_OK;
}

static qvt_rpc_server_options grpc_options(const struct server *server)
{
    const struct settings *settings = server->settings;
    qvt_rpc_server_options options = QVT_RPC_SERVER_OPTIONS_INIT;
    options.on_call_end = service_on_call_end;
    options.on_headers = server->guard == NULL ? NULL : service_on_headers;
    options.data = server->service;
    options.max_message_bytes = (uint32_t)settings->message_bytes_max;
    options.max_connections = (uint32_t)settings->connections_max;
    options.max_connections_per_address = (uint32_t)settings->connections_per_address_max;
    options.max_unused_connections = (uint32_t)settings->unused_connections_max;
    options.header_timeout_ms = (uint32_t)settings->header_timeout_ms;
    options.write_timeout_ms = (uint32_t)settings->write_timeout_ms;
    options.keepalive_ms = (uint32_t)settings->keepalive_ms;
    options.keepalive_timeout_ms = (uint32_t)settings->keepalive_timeout_ms;
    options.min_ping_interval_ms = (uint32_t)settings->min_ping_interval_ms;
    options.min_idle_ping_ms = (uint32_t)settings->min_idle_ping_ms;
    options.max_ping_strikes = (uint32_t)settings->ping_strikes_max;
    options.max_idle_ms = (uint32_t)settings->connection_idle_ms;
    options.max_age_ms = (uint32_t)settings->connection_age_ms;
    options.max_age_grace_ms = (uint32_t)settings->connection_age_grace_ms;
    options.max_concurrent_streams = (uint32_t)settings->streams_max;
    options.max_header_bytes = (uint32_t)settings->header_bytes_max;
    options.max_queued_bytes = (uint32_t)settings->queued_bytes_max;
    options.preface_timeout_ms = (uint32_t)settings->preface_timeout_ms;
    options.max_empty_data = (uint32_t)settings->empty_data_max;
    options.max_window_updates = (uint32_t)settings->window_updates_max;
    options.max_pings = (uint32_t)settings->pings_max;
    options.max_settings = (uint32_t)settings->settings_max;
    options.max_resets = (uint32_t)settings->resets_max;
    options.max_priorities = (uint32_t)settings->priorities_max;
    options.handshake_timeout_ms = (uint32_t)settings->handshake_timeout_ms;
    options.max_call_memory_bytes = (uint32_t)settings->request_memory_max;
    return options;
}

static qvt_status start_grpc(struct server *server, qvt_error *error)
{
    qvt_rpc_runtime_options runtime = QVT_RPC_RUNTIME_OPTIONS_INIT;
    qvt_rpc_server_options options = grpc_options(server);
    char address[LISTEN_ADDRESS_MAX];
    runtime.uv_loop = &server->loop;
    if (qvt_rpc_runtime_new(&server->runtime, &runtime) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    runtime_use_log(server->runtime, server->log);
    if (qvt_rpc_server_new(&server->grpc, server->runtime, &options) != QVT_OK ||
        service_serve(server->service, server->grpc) != QVT_OK ||
        standard_start(&server->standard, server->grpc) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    qvt_rpc_server_use_tls(server->grpc, server->tls);
    listen_address(address, server->settings->grpc_listen);
    return qvt_rpc_server_listen(server->grpc, address, error);
}

static qvt_status start_http(struct server *server, qvt_error *error)
{
    const struct gateway_options options = {
        .loop = &server->loop,
        .service = server->service,
        .guard = server->guard,
        .log = server->log,
        .body_bytes_max = (uint32_t)server->settings->message_bytes_max,
        .request_memory_max = (uint32_t)server->settings->request_memory_max,
        .connections_max = (uint32_t)server->settings->http_connections_max,
        .unused_connections_max = (uint32_t)server->settings->unused_connections_max,
        .idle_timeout_s = (uint32_t)(server->settings->http_idle_ms / 1000),
        .keepalive_interval_ms = (uint32_t)server->settings->keepalive_interval_ms,
        .ignore_unknown_fields = server->settings->json_unknown_fields != 0,
        .grpc = server->grpc,
        .version = QVT_VERSION,
        .tls = server->tls,
        .handshake_timeout_ms = (uint32_t)server->settings->handshake_timeout_ms,
    };
    char address[LISTEN_ADDRESS_MAX];
    listen_address(address, server->settings->http_listen);
    return gateway_new(&server->gateway, &options, address, error);
}

static void init_handles(struct server *server)
{
    uv_signal_init(&server->loop, &server->terminate);
    uv_signal_init(&server->loop, &server->interrupt);
    uv_signal_init(&server->loop, &server->hangup);
    uv_timer_init(&server->loop, &server->drain_timer);
    server->terminate.data = server->interrupt.data = server->hangup.data = server->drain_timer.data = server;
    uv_signal_start(&server->terminate, on_signal, SIGTERM);
    uv_signal_start(&server->interrupt, on_signal, SIGINT);
    uv_signal_start(&server->hangup, on_hangup, SIGHUP);
}

/* Everything that was made is taken down by drain, whatever could not be made. */
static void serve(struct server *server)
{
    qvt_error error;
    entropy_pool_init(&server->entropy);
    driver_init(&server->driver, &server->loop, server->store);
    init_handles(server);
    if (start_service(server, &error) != QVT_OK) {
        *server->error = error;
        server->failed = true;
        on_gateway_closed(server);
        return;
    }
    if (start_grpc(server, &error) != QVT_OK || start_http(server, &error) != QVT_OK) {
        fail(server, &error);
        return;
    }
    driver_start(&server->driver, server->service);
}

static qvt_status run(struct server *server, qvt_error *error)
{
    QVT_TRY(auth_start(&server->guard, server->settings, server->log, error));
    QVT_TRY(open_store(&server->store, &server->loop, server->settings, entropy_system(), server->log, error));
    serve(server);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    qvt_rpc_server_free(server->grpc);
    standard_free(&server->standard);
    qvt_rpc_runtime_free(server->runtime);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    return server->failed ? error->status : QVT_OK;
}

qvt_status server_run(const struct settings *settings, const struct log *log, qvt_error *error)
{
    struct server server = {.settings = settings, .log = log, .error = error};
    if (descriptors_prepare() != QVT_OK) {
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "no file descriptors are left to begin with");
    }
    QVT_TRY(exposure_check(settings, error));
    QVT_TRY(certificates_load(&server.tls, settings, error));
    if (server.tls != NULL) {
        certificates_warn(server.tls, log);
    }
    if (uv_loop_init(&server.loop) != 0) {
        qvt_rpc_tls_unref(server.tls);
        return qvt_error_set(error, QVT_UNAVAILABLE, NULL, "cannot make an event loop");
    }
    qvt_status status = run(&server, error);
    guard_free(server.guard);
    qvt_rpc_tls_unref(server.tls);
    QVT_ASSERT(uv_loop_close(&server.loop) == 0);
    if (status == QVT_OK) {
        log_write(log, LOG_INFO, "ended", log_text("status", "drained"));
    }
    return status;
}
