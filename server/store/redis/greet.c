/* What is said on a new connection before it counts as up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "server/store/redis/conn_base.h"

static void come_up(struct redis_conn *conn)
{
    conn->state = CONN_UP;
    conn->warned[0] = '\0';
    (void)uv_timer_stop(&conn->timer);
    log_write(conn->options.log, LOG_INFO, "redis connected", log_text("connection", conn->name),
              log_text("host", conn->target.host), log_uint("port", conn->target.port));
    conn->options.on_up(conn->options.data);
}

/* Each step of the greeting was sent at once; the first answer that is wrong ends it. */
static bool is_greeting(struct redis_conn *conn, const redisReply *reply)
{
    if (conn->state != CONN_GREETING || conn->closing) {
        return false;
    }
    if (reply == NULL) {
        conn_fail(conn, "it was closed");
        return false;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        conn_fail(conn, reply->str);
        return false;
    }
    return true;
}

static void on_greeted(void *data, const redisReply *reply)
{
    (void)is_greeting(data, reply);
}

static void on_role(void *data, const redisReply *reply)
{
    struct redis_conn *conn = data;
    if (!is_greeting(conn, reply)) {
        return;
    }
    bool master = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 && reply->element[0]->str != NULL &&
                  strcmp(reply->element[0]->str, "master") == 0;
    if (!master) {
        conn_fail(conn, "it is not the master");
    }
}

static void on_script(void *data, const redisReply *reply)
{
    struct redis_conn *conn = data;
    if (is_greeting(conn, reply)) {
        if (reply->type == REDIS_REPLY_STRING && reply->len == REDIS_SHA_LEN) {
            memcpy(conn->sha, reply->str, REDIS_SHA_LEN);
            conn->sha[REDIS_SHA_LEN] = '\0';
        }
        come_up(conn);
    }
}

static void on_pong(void *data, const redisReply *reply)
{
    struct redis_conn *conn = data;
    if (is_greeting(conn, reply)) {
        come_up(conn);
    }
}

static void on_master(void *data, const redisReply *reply)
{
    struct redis_conn *conn = data;
    if (!is_greeting(conn, reply)) {
        return;
    }
    bool found = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[0]->str != NULL &&
                 reply->element[1]->str != NULL && reply->element[0]->len < REDIS_HOST_MAX;
    if (!found) {
        conn_fail(conn, "the Sentinel does not know the master");
        return;
    }
    conn->told.port = (uint16_t)strtoul(reply->element[1]->str, NULL, 10);
    memcpy(conn->told.host, reply->element[0]->str, reply->element[0]->len + 1);
    conn->state = CONN_DOWN;
    conn_drop_context(conn);
    conn->pause_ms = 0;
    conn_connect_soon(conn);
}

static qvt_status greet_word(struct redis_conn *conn, const char *const *words, size_t count, redis_on_reply callback)
{
    struct redis_command nothing = {.count = 0};
    struct redis_command command = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        redis_command_text(&command, words[i]);
    }
    qvt_status status = conn_send_now(conn, &nothing, &command, 0, callback, conn);
    redis_command_deinit(&command);
    return status;
}

static qvt_status log_in(struct redis_conn *conn, const char *user, const char *password)
{
    const char *const words[] = {"AUTH", user, password};
    const char *const short_words[] = {"AUTH", password};
    if (password[0] == '\0') {
        return QVT_OK;
    }
    return user[0] == '\0' ? greet_word(conn, short_words, 2, on_greeted) : greet_word(conn, words, 3, on_greeted);
}

static qvt_status select_database(struct redis_conn *conn)
{
    char number[16];
    const char *const words[] = {"SELECT", number};
    (void)snprintf(number, sizeof number, "%u", (unsigned)conn->options.url->database);
    return conn->options.url->database == 0 ? QVT_OK : greet_word(conn, words, 2, on_greeted);
}

static qvt_status load_script(struct redis_conn *conn)
{
    struct redis_command nothing = {.count = 0};
    struct redis_command command = {.count = 0};
    static const char *const ping[] = {"PING"};
    if (conn->options.script.len == 0 || conn->asking) {
        return greet_word(conn, ping, 1, on_pong);
    }
    redis_command_text(&command, "SCRIPT");
    redis_command_text(&command, "LOAD");
    redis_command_bytes(&command, conn->options.script);
    qvt_status status = conn_send_now(conn, &nothing, &command, 0, on_script, conn);
    redis_command_deinit(&command);
    return status;
}

qvt_status conn_greet(struct redis_conn *conn)
{
    static const char *const role[] = {"ROLE"};
    const struct redis_url *url = conn->options.url;
    const char *const where[] = {"SENTINEL", "get-master-addr-by-name", url->master};
    if (conn->asks_sentinel) {
        QVT_TRY(log_in(conn, url->sentinel_user, url->sentinel_password));
        return greet_word(conn, where, 3, on_master);
    }
    QVT_TRY(log_in(conn, url->user, url->password));
    QVT_TRY(select_database(conn));
    if (url->kind == REDIS_SENTINEL) {
        QVT_TRY(greet_word(conn, role, 1, on_role));
    }
    return load_script(conn);
}
