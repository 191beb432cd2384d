#include "server/store/redis/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/store/redis/conn_base.h"

/* ---- end ---- */

void conn_closed_one(void *data)
{
    struct redis_conn *conn = data;
    if (--conn->open == 0) {
        void (*on_closed)(void *data) = conn->on_closed;
        void *closed_data = conn->on_closed_data;
        buf_deinit(&conn->scratch);
        free(conn);
        on_closed(closed_data);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    conn_closed_one(handle->data);
}

void conn_drop_context(struct redis_conn *conn)
{
    redisAsyncContext *context = conn->context;
    conn->context = NULL;
    if (context != NULL) {
        context->data = NULL;
        redisAsyncFree(context);
    }
}

void redis_conn_close(struct redis_conn *conn, void (*on_closed)(void *data), void *data)
{
    conn->closing = true;
    conn->on_closed = on_closed;
    conn->on_closed_data = data;
    conn->state = CONN_DOWN;
    if (conn->resolving) {
        (void)uv_cancel((uv_req_t *)&conn->resolver);
    }
    conn_drop_context(conn);
    uv_close((uv_handle_t *)&conn->timer, on_timer_closed);
}

/* It was up, or what stands in its way is another thing now. */
static void warn(struct redis_conn *conn, const char *why)
{
    char cut[sizeof conn->warned];
    uint64_t now_ms = uv_now(conn->options.loop);
    (void)snprintf(cut, sizeof cut, "%s", why);
    bool other = strcmp(cut, conn->warned) != 0 && now_ms - conn->warned_ms >= WARN_EVERY_MS;
    if (conn->state == CONN_UP || conn->warned[0] == '\0' || other) {
        memcpy(conn->warned, cut, sizeof cut);
        conn->warned_ms = now_ms;
        log_write(conn->options.log, LOG_WARN, "redis connection lost", log_text("connection", conn->name),
                  log_text("host", conn->target.host), log_uint("port", conn->target.port), log_text("why", why));
    }
}

void conn_go_down(struct redis_conn *conn, const char *why)
{
    if (conn->closing) {
        return;
    }
    warn(conn, why);
    conn->state = CONN_DOWN;
    conn->sha[0] = '\0';
    conn_drop_context(conn);
    if (!conn->closing) {
        conn_connect_soon(conn);
    }
    if (!conn->closing) {
        conn->options.on_down(conn->options.data);
    }
}

/* What a Sentinel or a node told us did not lead anywhere. */
void conn_fail(struct redis_conn *conn, const char *why)
{
    conn->told.port = 0;
    conn->asking = false;
    conn->next++;
    conn_go_down(conn, why);
}

void redis_conn_restart(struct redis_conn *conn)
{
    if (conn->state == CONN_UP) {
        conn_fail(conn, "the store asked for another connection");
    }
}

/* ---- requests ---- */

static void watch_oldest(struct redis_conn *conn);

void conn_on_timer(uv_timer_t *timer)
{
    struct redis_conn *conn = timer->data;
    if (conn->state == CONN_UP) {
        watch_oldest(conn);
    } else if (conn->state != CONN_DOWN) {
        conn_fail(conn, "connecting takes too long");
    }
}

static void watch_oldest(struct redis_conn *conn)
{
    if (list_is_empty(&conn->requests)) {
        return;
    }
    uint64_t due_ms = LIST_ENTRY(conn->requests.next, struct redis_request, link)->due_ms;
    uint64_t now_ms = uv_now(conn->options.loop);
    if (due_ms <= now_ms) {
        conn_fail(conn, "an answer takes too long");
    } else {
        (void)uv_timer_start(&conn->timer, conn_on_timer, due_ms - now_ms, 0);
    }
}

static void on_reply(redisAsyncContext *context, void *reply, void *data)
{
    struct redis_request *request = data;
    redis_on_reply callback = request->on_reply;
    void *callback_data = request->data;
    (void)context;
    /* A server that greets but does not serve (CLUSTERDOWN, LOADING) is not asked again at once. */
    if (request->conn->state == CONN_UP && reply != NULL && ((redisReply *)reply)->type != REDIS_REPLY_ERROR) {
        request->conn->pause_ms = 0;
    }
    list_remove(&request->link);
    free(request);
    callback(callback_data, reply);
}

qvt_status conn_send_now(struct redis_conn *conn, const struct redis_command *before,
                         const struct redis_command *command, uint32_t patience_ms, redis_on_reply callback, void *data)
{
    struct buf *bytes = &conn->scratch;
    struct redis_request *request = malloc(sizeof *request);
    buf_clear(bytes);
    qvt_status status = request == NULL ? QVT_NO_MEMORY : redis_command_encode(command, before, bytes);
    if (status == QVT_OK) {
        /* hiredis looks for words in it as in a string. */
        status = buf_append_byte(bytes, 0);
    }
    if (status == QVT_OK) {
        uint64_t due_ms = uv_now(conn->options.loop) + conn->options.timeout_ms + patience_ms;
        *request = (struct redis_request){.conn = conn, .on_reply = callback, .data = data, .due_ms = due_ms};
        bool first = list_is_empty(&conn->requests);
        list_push_back(&conn->requests, &request->link);
        if (redisAsyncFormattedCommand(conn->context, on_reply, request, (const char *)bytes->data, bytes->len - 1) !=
            REDIS_OK) {
            list_remove(&request->link);
            status = QVT_UNAVAILABLE;
        } else if (first && conn->state == CONN_UP) {
            watch_oldest(conn);
        }
    }
    if (status != QVT_OK) {
        free(request);
    }
    if (bytes->cap > SCRATCH_KEPT_BYTES) {
        buf_deinit(bytes);
    }
    return status;
}

static void ignore_reply(void *data, const redisReply *reply)
{
    (void)data;
    (void)reply;
}

static qvt_status send_word(struct redis_conn *conn, const char *word)
{
    struct redis_command nothing = {.count = 0};
    struct redis_command command = {.count = 0};
    redis_command_text(&command, word);
    qvt_status status = conn_send_now(conn, &nothing, &command, 0, ignore_reply, NULL);
    redis_command_deinit(&command);
    return status;
}

qvt_status redis_conn_send(struct redis_conn *conn, const struct redis_command *before,
                           const struct redis_command *command, uint32_t patience_ms, redis_on_reply callback,
                           void *data)
{
    if (conn->state != CONN_UP || conn->context == NULL) {
        return QVT_UNAVAILABLE;
    }
    if (conn->asking) {
        QVT_TRY(send_word(conn, "ASKING"));
    }
    return conn_send_now(conn, before, command, patience_ms, callback, data);
}

bool redis_conn_is_up(const struct redis_conn *conn)
{
    return conn->state == CONN_UP;
}

const char *redis_conn_script(const struct redis_conn *conn)
{
    return conn->sha;
}

bool redis_conn_is_asking(const struct redis_conn *conn)
{
    return conn->asking;
}

/* ---- redirections ---- */

static bool begins_with(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* `MOVED 3999 host:port`; a node that does not know its own name leaves the host out. */
static bool read_redirection(struct redis_conn *conn, const char *error)
{
    const char *slot = strchr(error, ' ');
    const char *host = slot == NULL ? NULL : strchr(slot + 1, ' ');
    const char *colon = host == NULL ? NULL : strrchr(host, ':');
    if (colon == NULL || colon - host > (ptrdiff_t)REDIS_HOST_MAX) {
        return false;
    }
    unsigned long port = strtoul(colon + 1, NULL, 10);
    size_t len = (size_t)(colon - host - 1);
    if (port == 0 || port > UINT16_MAX) {
        return false;
    }
    if (len == 0) {
        memcpy(conn->told.host, conn->target.host, sizeof conn->told.host);
    } else {
        memcpy(conn->told.host, host + 1, len);
        conn->told.host[len] = '\0';
    }
    conn->told.port = (uint16_t)port;
    return true;
}

void redis_conn_note_error(struct redis_conn *conn, const char *error)
{
    static const char *const elsewhere[] = {"READONLY", "MASTERDOWN", "LOADING", "CLUSTERDOWN", "UNBLOCKED"};
    bool moved = begins_with(error, "MOVED ");
    if (conn->state != CONN_UP) {
        return;
    }
    if (moved || begins_with(error, "ASK ")) {
        if (read_redirection(conn, error)) {
            conn->asking = !moved;
            conn->pause_ms = 0;
            conn_go_down(conn, error);
        }
        return;
    }
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        if (begins_with(error, elsewhere[i])) {
            conn_fail(conn, error);
            return;
        }
    }
}
