#include "server/service/answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "server/service/error_field.h"

enum { SCRATCH_KEPT = 256 * 1024 };

void answer_position(struct encoder *encoder, uint32_t field, const struct position *position)
{
    size_t mark = encode_begin(encoder);
    encode_bytes(encoder, 1, qvt_slice_text(position->store_id));
    encode_uint(encoder, 2, position->revision);
    encode_fixed64(encoder, 3, position->token);
    encode_end(encoder, field, mark);
}

void answer_prefix_at(struct encoder *encoder, const struct service *service, const struct position *position,
                      uint32_t age_ms)
{
    answer_position(encoder, ANSWER_POSITION, position);
    encode_time_us(encoder, ANSWER_CACHE_TTL, (int64_t)service->options.cache_ttl_ms * 1000);
    if (age_ms > 0) {
        encode_time_us(encoder, ANSWER_AGE, (int64_t)age_ms * 1000);
    }
}

/* Encoded once a generation. */
static void renew_prefix(struct cluster *cluster, struct registry *registry)
{
    buf_clear(&cluster->prefix);
    struct encoder encoder = {&cluster->prefix, QVT_OK};
    answer_prefix_at(&encoder, cluster->service, registry_head(registry), 0);
    cluster->prefix_generation = encoder.status == QVT_OK ? cluster->generation : 0;
}

/* That nobody created a cluster is as old as the last list of them. */
static uint32_t list_age_ms(const struct service *service)
{
    const struct store *store = service->options.store;
    int64_t silence_us = store_is_shared(store) ? store_monotonic_us(store) - service->heard_us : 0;
    int64_t age_ms = silence_us > REPLICA_SILENCE_US ? silence_us / 1000 : 0;
    return age_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)age_ms;
}

void answer_prefix(struct encoder *encoder, struct service *service, struct cluster *cluster)
{
    struct registry *registry = service->empty;
    if (cluster == NULL || cluster_registry(cluster, &registry, NULL) != QVT_OK || registry == service->empty) {
        answer_prefix_at(encoder, service, registry_head(service->empty), list_age_ms(service));
        return;
    }
    uint32_t age_ms = replica_age_ms(cluster->replica);
    if (age_ms > 0) {
        answer_prefix_at(encoder, service, registry_head(registry), age_ms);
        return;
    }
    if (cluster->prefix_generation != cluster->generation) {
        renew_prefix(cluster, registry);
    }
    encode_raw(encoder, buf_slice(&cluster->prefix));
    if (cluster->prefix_generation == 0) {
        encoder->status = QVT_NO_MEMORY;
    }
}

static qvt_status check_min_position(const struct read *read, const Quark__Version__V1__Position *wanted,
                                     qvt_error *error)
{
    if (wanted == NULL || wanted->revision == 0) {
        return QVT_OK;
    }
    struct position position = {.revision = wanted->revision, .token = wanted->token};
    int len = snprintf(position.store_id, sizeof(position.store_id), "%s", wanted->store_id);
    enum registry_resume found =
        len > (int)STORE_ID_LEN ? REGISTRY_RESUME_LOST : registry_resume(read->registry, &position);
    if (found == REGISTRY_RESUME_LIVE || found == REGISTRY_RESUME_RESET) {
        return QVT_OK;
    }
    if (found == REGISTRY_RESUME_AHEAD && store_is_shared(read->service->options.store)) {
        (void)qvt_error_set(error, QVT_UNAVAILABLE, "BEHIND", "this replica has not seen min_position yet");
        if (error != NULL) {
            error->retry_delay_ms = 100;
        }
        return QVT_UNAVAILABLE;
    }
    return qvt_error_set(error, QVT_ABORTED, "HISTORY_LOST", "min_position %llu is not in the history of this cluster",
                         (unsigned long long)wanted->revision);
}

qvt_status read_begin(struct read *read, struct service *service, const char *cluster,
                      const Quark__Version__V1__Position *min_position, qvt_error *error)
{
    const char *name = NULL;
    *read = (struct read){.service = service, .registry = service->empty};
    QVT_TRY(cluster_name(cluster, &name, error));
    read->cluster = cluster_find(service, name);
    if (read->cluster != NULL) {
        QVT_TRY(cluster_registry(read->cluster, &read->registry, error));
    } else if (!service->listed) {
        return service_ready(service, error);
    }
    QVT_TRY(check_min_position(read, min_position, error));
    buf_clear(&service->scratch);
    buf_clear(&service->shares.list);
    service->shares.bytes = 0;
    read->encoder = (struct encoder){&service->scratch, QVT_OK};
    answer_prefix(&read->encoder, service, read->cluster);
    return QVT_OK;
}

/* The answer in order: copied bytes and shared values by turns. Returns how many parts there are. */
static size_t split(const struct read *read, qvt_blob_part *parts)
{
    qvt_slice copied = buf_slice(&read->service->scratch);
    const struct encode_share *shares = (const void *)read->service->shares.list.data;
    size_t share_count = read->service->shares.list.len / sizeof(*shares);
    size_t count = 0;
    size_t from = 0;
    for (size_t i = 0; i < share_count; i++) {
        parts[count++] = (qvt_blob_part){qvt_slice_make(copied.data + from, shares[i].offset - from), NULL};
        parts[count++] = (qvt_blob_part){image_value(shares[i].image), image_blob(shares[i].image)};
        from = shares[i].offset;
    }
    parts[count++] = (qvt_blob_part){qvt_slice_make(copied.data + from, copied.len - from), NULL};
    return count;
}

static qvt_status reply_copied(qvt_rpc_unary *unary, const qvt_blob_part *parts, size_t count)
{
    qvt_slice *slices = malloc(count * sizeof(*slices));
    if (slices == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        slices[i] = parts[i].bytes;
    }
    qvt_rpc_unary_reply(unary, slices, count);
    free(slices);
    return QVT_OK;
}

static qvt_status reply_shared(const struct read *read, qvt_rpc_unary *unary)
{
    size_t share_count = read->service->shares.list.len / sizeof(struct encode_share);
    qvt_rpc_server_call *call = qvt_rpc_server_call_of_unary(unary);
    qvt_blob_part *parts = malloc((2 * share_count + 1) * sizeof(*parts));
    if (parts == NULL) {
        return QVT_NO_MEMORY;
    }
    size_t count = split(read, parts);
    qvt_status status = QVT_OK;
    if (call == NULL) {
        status = reply_copied(unary, parts, count);
    } else {
        status = qvt_rpc_server_call_send_parts(call, parts, count);
        if (status == QVT_OK || status == QVT_CANCELLED) {
            qvt_rpc_server_call_finish(call, NULL);
            status = QVT_OK;
        }
    }
    free(parts);
    return status;
}

void read_reply(struct read *read, qvt_rpc_unary *unary)
{
    qvt_status status = read->encoder.status;
    if (status == QVT_OK && read->service->shares.bytes > 0) {
        status = reply_shared(read, unary);
    } else if (status == QVT_OK) {
        qvt_slice answer = buf_slice(&read->service->scratch);
        qvt_rpc_unary_reply(unary, &answer, 1);
    }
    if (status != QVT_OK) {
        qvt_error error;
        (void)qvt_error_set(&error, status, NULL, "the answer could not be queued: %s", qvt_status_text(status));
        qvt_rpc_unary_fail(unary, &error);
    }
    if (read->service->scratch.cap > SCRATCH_KEPT) {
        buf_deinit(&read->service->scratch);
    }
    if (read->service->shares.list.cap > SCRATCH_KEPT) {
        buf_deinit(&read->service->shares.list);
    }
}

void answer_fail(qvt_rpc_unary *unary, const qvt_error *error)
{
    qvt_error named;
    error_name_field(&named, error);
    qvt_rpc_unary_fail(unary, &named);
}
