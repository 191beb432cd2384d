/* What an append tells the script; script.lua takes it in this order. */
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "server/store/redis/base.h"

static void add_id(struct redis_command *command, uint64_t revision)
{
    char id[32];
    (void)snprintf(id, sizeof id, "%" PRIu64 "-0", revision);
    redis_command_text(command, id);
}

/* For the stream, and for who subscribed. */
static qvt_status add_change(struct redis_command *command, const struct change *change, struct buf *bytes)
{
    char text[256];
    add_id(command, change->position.revision);
    buf_clear(bytes);
    QVT_TRY(change_encode(change, bytes));
    redis_command_bytes(command, buf_slice(bytes));
    int len = snprintf(text, sizeof text,
                       "{\"store_id\":\"%s\",\"position\":\"%" PRIu64 ".%016" PRIx64 "\",\"event\":%" PRIu32 "}",
                       change->position.store_id, change->position.revision, change->position.token, change->event);
    redis_command_bytes(command, qvt_slice_make(text, (size_t)len));
    return QVT_OK;
}

static qvt_status add_field(struct redis_command *command, uint32_t kind, qvt_slice key, struct buf *bytes)
{
    buf_clear(bytes);
    QVT_TRY(redis_field_format(bytes, kind, key));
    redis_command_bytes(command, buf_slice(bytes));
    return QVT_OK;
}

static qvt_status add_puts(struct redis_command *command, const struct change *change, struct buf *bytes)
{
    for (size_t i = 0; i < change->put_count; i++) {
        const struct image *image = change->puts[i];
        QVT_TRY(add_field(command, image_kind(image), image_key(image), bytes));
        buf_clear(bytes);
        QVT_TRY(redis_record_encode(bytes, image));
        redis_command_bytes(command, buf_slice(bytes));
    }
    return QVT_OK;
}

static qvt_status add_deletes(struct redis_command *command, const struct change *change, struct buf *bytes)
{
    redis_command_uint(command, change->delete_count);
    for (size_t i = 0; i < change->delete_count; i++) {
        QVT_TRY(add_field(command, change->deletes[i].kind, change->deletes[i].key, bytes));
    }
    return QVT_OK;
}

/* The puts of as many changes as may go together: of them only the last has deletes. Returns the changes. */
static size_t add_records(struct redis_command *command, struct change *const *changes, size_t count, struct buf *bytes,
                          qvt_status *status)
{
    size_t end = 1;
    uint64_t puts = changes[0]->put_count;
    while (end < count && changes[end - 1]->delete_count == 0) {
        puts += changes[end++]->put_count;
    }
    redis_command_uint(command, puts);
    for (size_t i = 0; *status == QVT_OK && i < end; i++) {
        *status = add_puts(command, changes[i], bytes);
    }
    *status = *status == QVT_OK ? add_deletes(command, changes[end - 1], bytes) : *status;
    return end;
}

static void add_head(struct redis_command *command, const struct position *position)
{
    char head[REDIS_HEAD_MAX];
    redis_head_format(head, position);
    redis_command_text(command, head);
}

static void add_keep(struct redis_command *command, const struct store_append *asked)
{
    uint64_t newest = asked->changes[asked->change_count - 1]->position.revision;
    if (asked->keep_from <= 1) {
        redis_command_text(command, "");
    } else {
        add_id(command, asked->keep_from < newest ? asked->keep_from : newest);
    }
}

void redis_append_encode(struct redis_command *command, const struct redis_log *log, const struct store_append *asked)
{
    struct buf bytes = BUF_INIT;
    qvt_status status = QVT_OK;
    add_head(command, asked->expected);
    redis_command_text(command, log->store->replica);
    redis_command_uint(command, log->losses + 1);
    add_head(command, &asked->changes[asked->change_count - 1]->position);
    add_keep(command, asked);
    redis_command_text(command, log->channel);
    if (asked->cluster_head != NULL) {
        add_head(command, asked->cluster_head);
    } else {
        redis_command_text(command, "");
    }
    redis_command_uint(command, asked->lapsed_count);
    for (size_t i = 0; i < asked->lapsed_count; i++) {
        redis_command_uint(command, asked->lapsed[i]);
    }
    redis_command_uint(command, asked->grant_count);
    for (size_t i = 0; i < asked->grant_count; i++) {
        redis_command_uint(command, asked->grants[i].incarnation);
        redis_command_uint(command, asked->grants[i].ttl_ms);
    }
    redis_command_uint(command, asked->end_count);
    for (size_t i = 0; i < asked->end_count; i++) {
        redis_command_uint(command, asked->ends[i]);
    }
    redis_command_uint(command, asked->change_count);
    for (size_t i = 0; status == QVT_OK && i < asked->change_count; i++) {
        status = add_change(command, asked->changes[i], &bytes);
    }
    for (size_t i = 0; status == QVT_OK && i < asked->change_count;) {
        i += add_records(command, asked->changes + i, asked->change_count - i, &bytes, &status);
    }
    command->status = command->status == QVT_OK ? status : command->status;
    buf_deinit(&bytes);
}
