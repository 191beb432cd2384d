/* Changes that other replicas append: read from the stream on a connection of its own, which Redis answers when there are
 * some. A gap is not mended here: the owner finds out when it looks at the head, and loads. */
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "server/store/redis/base.h"

enum { BLOCK_MS = 1000, READ_MOST = 200 };

void redis_follow_deliver(struct redis_log *log)
{
    struct redis_changes news = log->news;
    size_t first = 0;
    size_t count = 0;
    if (log->append != NULL) {
        return;
    }
    log->news = (struct redis_changes){NULL, 0, 0};
    while (first < news.count && news.items[first]->position.revision <= log->head.revision) {
        first++;
    }
    while (log->follows && first + count < news.count && redis_change_follows(news.items[first + count], &log->head)) {
        log->head = news.items[first + count]->position;
        count++;
    }
    log->follows = log->follows && first + count == news.count;
    if (count > 0) {
        redis_leases_note(log, news.items + first, count);
        if (log->base.on_changes != NULL) {
            log->base.on_changes(log->base.on_changes_data, news.items + first, count);
        }
    }
    redis_changes_clear(&news);
}

/* What the owner does not know yet; changes of the append under way are its own and come with its outcome. */
static qvt_status take_entries(struct redis_log *log, const redisReply *entries)
{
    uint64_t revision;
    qvt_slice encoded;
    log->echoed = entries->elements > 0;
    for (size_t i = 0; i < entries->elements; i++) {
        QVT_TRY(redis_entry_read(entries->element[i], &revision, &encoded));
        uint64_t own = redis_append_own(log, revision, encoded);
        if (own == 0 && revision > log->head.revision) {
            log->echoed = false;
            log->turn_ms = 0;
            QVT_TRY(redis_changes_add(&log->news, encoded));
        }
        revision = own > revision ? own : revision;
        log->read_to = revision > log->read_to ? revision : log->read_to;
    }
    return QVT_OK;
}

/* [[key, entries]] */
static void take(struct redis_log *log, const redisReply *reply)
{
    const redisReply *stream = reply->elements == 1 ? reply->element[0] : NULL;
    if (stream == NULL || stream->type != REDIS_REPLY_ARRAY || stream->elements != 2 ||
        take_entries(log, stream->element[1]) != QVT_OK) {
        log->follows = false;
        return;
    }
    if (log->append != NULL) {
        redis_append_news(log);
    } else {
        redis_follow_deliver(log);
    }
}

static void on_news(void *data, const redisReply *reply)
{
    struct redis_log *log = data;
    log->reading = false;
    if (reply == NULL || log->closing) {
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        /* Goes on with the next look at the head. */
        redis_conn_note_error(log->news_conn, reply->str);
        return;
    }
    if (reply->type == REDIS_REPLY_ARRAY) {
        take(log, reply);
    }
    if (!log->closing) {
        redis_follow(log);
    }
}

void redis_follow(struct redis_log *log)
{
    struct redis_command nothing = {.count = 0};
    struct redis_command command = {.count = 0};
    char id[32];
    if (log->reading || !log->follows || !redis_conn_is_up(log->news_conn)) {
        return;
    }
    uint64_t from = log->read_to > log->head.revision ? log->read_to : log->head.revision;
    (void)snprintf(id, sizeof id, "%" PRIu64 "-0", from);
    redis_command_text(&command, "XREAD");
    redis_command_text(&command, "COUNT");
    /* A replica that writes alone is not sent all of its own changes again. */
    redis_command_uint(&command, log->echoed ? 1 : READ_MOST);
    redis_command_text(&command, "BLOCK");
    redis_command_uint(&command, BLOCK_MS);
    redis_command_text(&command, "STREAMS");
    redis_command_text(&command, log->changes_key);
    redis_command_text(&command, id);
    log->reading = redis_conn_send(log->news_conn, &nothing, &command, BLOCK_MS, on_news, log) == QVT_OK;
    redis_command_deinit(&command);
}
