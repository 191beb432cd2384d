/* A server with health and reflection and nothing else. It obeys the lines of its stdin: `set SERVICE STATUS`,
 * `clear SERVICE`, `shutdown`, where SERVICE `-` is the server as a whole; each is answered by `ok`. At the end of its
 * stdin it stops gracefully. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/check.h"
#include "google/rpc/error_details.descriptor.h"
#include "quark/version/v1/version_tracker.descriptor.h"
#include "qvt/rpc/health.h"
#include "qvt/rpc/reflection.h"

struct peer {
    qvt_rpc_runtime *runtime;
    qvt_rpc_server *server;
    qvt_rpc_health *health;
    qvt_rpc_reflection *reflection;
    uv_pipe_t input;
    char line[256];
    size_t len;
};

static void must(qvt_status status)
{
    QVT_ASSERT(status == QVT_OK);
}

static void obey(struct peer *peer)
{
    char verb[16];
    char service[128];
    int status = 0;
    int words = sscanf(peer->line, "%15s %127s %d", verb, service, &status);
    const char *name = words > 1 && strcmp(service, "-") != 0 ? service : "";
    if (strcmp(verb, "set") == 0) {
        must(qvt_rpc_health_set(peer->health, name, (qvt_rpc_health_status)status));
    } else if (strcmp(verb, "clear") == 0) {
        qvt_rpc_health_clear(peer->health, name);
    } else {
        qvt_rpc_health_shutdown(peer->health);
    }
    puts("ok");
    fflush(stdout);
}

static void give_line(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct peer *peer = handle->data;
    (void)suggested;
    *out = uv_buf_init(peer->line + peer->len, (unsigned)(sizeof(peer->line) - 1 - peer->len));
}

static void on_closed(void *data)
{
    struct peer *peer = data;
    uv_close((uv_handle_t *)&peer->input, NULL);
}

/* One line at a time: who writes waits for the answer. */
static void on_input(uv_stream_t *stream, ssize_t got, const uv_buf_t *in)
{
    struct peer *peer = stream->data;
    (void)in;
    if (got < 0) {
        uv_read_stop(stream);
        qvt_rpc_server_shutdown(peer->server, 1000, on_closed, peer);
        return;
    }
    peer->len += (size_t)got;
    if (peer->len > 0 && peer->line[peer->len - 1] == '\n') {
        peer->line[peer->len] = '\0';
        peer->len = 0;
        obey(peer);
    }
}

int main(void)
{
    struct peer peer = {.len = 0};
    must(qvt_rpc_runtime_new(&peer.runtime, NULL));
    must(qvt_rpc_server_new(&peer.server, peer.runtime, NULL));
    must(qvt_rpc_health_new(&peer.health));
    must(qvt_rpc_health_serve(peer.health, peer.server));
    must(qvt_rpc_reflection_new(&peer.reflection));
    must(qvt_rpc_reflection_add(peer.reflection, &quark_version_v1_version_tracker_proto));
    must(qvt_rpc_reflection_add(peer.reflection, &google_rpc_error_details_proto));
    must(qvt_rpc_reflection_add_health(peer.reflection));
    must(qvt_rpc_reflection_serve(peer.reflection, peer.server));
    must(qvt_rpc_server_listen(peer.server, "127.0.0.1:0", NULL));
    QVT_ASSERT(uv_pipe_init(qvt_rpc_runtime_loop(peer.runtime), &peer.input, 0) == 0);
    QVT_ASSERT(uv_pipe_open(&peer.input, 0) == 0);
    peer.input.data = &peer;
    QVT_ASSERT(uv_read_start((uv_stream_t *)&peer.input, give_line, on_input) == 0);
    printf("ready %s\n", qvt_rpc_server_address(peer.server));
    fflush(stdout);
    qvt_rpc_runtime_run(peer.runtime);
    qvt_rpc_server_free(peer.server);
    qvt_rpc_health_free(peer.health);
    qvt_rpc_reflection_free(peer.reflection);
    qvt_rpc_runtime_free(peer.runtime);
    return 0;
}
