#include "client/src/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "nanopb/quark/version/v1/silo.pb.h"

static const char out_of_memory[] = "out of memory";

/* A map entry and when it came. */
struct ranked_version {
    qvt_actor_version version;
    size_t rank;
};

bool decode_out_of_memory(pb_istream_t *stream)
{
    PB_SET_ERROR(stream, out_of_memory);
    return false;
}

qvt_status decode_message(qvt_slice wire, const pb_msgdesc_t *type, void *message, qvt_error *error)
{
    pb_istream_t stream = pb_istream_from_buffer(wire.data, wire.len);
    if (pb_decode(&stream, type, message)) {
        return QVT_OK;
    }
    if (stream.errmsg == out_of_memory) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for the tracker's answer");
    }
    return qvt_error_set(error, QVT_INTERNAL, NULL, "the tracker's answer is unparsable: %s", PB_GET_ERROR(&stream));
}

pb_callback_t decode_each(bool (*element)(pb_istream_t *stream, const pb_field_t *field, void **arg), void *data)
{
    pb_callback_t result;
    memset(&result, 0, sizeof result);
    result.funcs.decode = element;
    result.arg = data;
    return result;
}

static bool read_text(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct decode_text *target = *arg;
    size_t len = stream->bytes_left;
    char *text = arena_alloc(target->arena, len + 1);
    (void)field;
    if (text == NULL) {
        return decode_out_of_memory(stream);
    }
    if (!pb_read(stream, (pb_byte_t *)text, len)) {
        return false;
    }
    text[len] = '\0';
    if (memchr(text, '\0', len) != NULL || !utf8_is_valid(qvt_slice_make(text, len))) {
        PB_RETURN_ERROR(stream, "a string is not UTF-8 without NUL");
    }
    target->text = text;
    return true;
}

pb_callback_t decode_text(struct decode_text *target)
{
    return decode_each(read_text, target);
}

bool decode_list_push(struct decode_list *list, const void *item, size_t size)
{
    struct decode_node *node = arena_alloc(list->arena, sizeof *node + size);
    if (node == NULL) {
        return false;
    }
    node->next = NULL;
    memcpy(node->item, item, size);
    if (list->last != NULL) {
        list->last->next = node;
    } else {
        list->first = node;
    }
    list->last = node;
    list->count++;
    return true;
}

qvt_status decode_list_flatten(const struct decode_list *list, size_t size, void **out)
{
    *out = NULL;
    if (list->count == 0) {
        return QVT_OK;
    }
    unsigned char *array = arena_alloc(list->arena, list->count * size);
    if (array == NULL) {
        return QVT_NO_MEMORY;
    }
    *out = array;
    for (const struct decode_node *node = list->first; node != NULL; node = node->next) {
        memcpy(array, node->item, size);
        array += size;
    }
    return QVT_OK;
}

static bool read_version(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct decode_list *list = *arg;
    struct decode_text actor_type = {list->arena, ""}, version = {list->arena, ""};
    struct decode_text assembly_name = {list->arena, NULL}, build_id = {list->arena, NULL};
    quark_version_v1_SiloInfo_ActorTypeVersionsEntry entry = quark_version_v1_SiloInfo_ActorTypeVersionsEntry_init_zero;
    (void)field;
    entry.key = decode_text(&actor_type);
    entry.value.version = decode_text(&version);
    entry.value.assembly_name = decode_text(&assembly_name);
    entry.value.build_id = decode_text(&build_id);
    if (!pb_decode(stream, quark_version_v1_SiloInfo_ActorTypeVersionsEntry_fields, &entry)) {
        return false;
    }
    struct ranked_version item = {.rank = list->count};
    item.version = (qvt_actor_version){
        .actor_type = actor_type.text,
        .version = version.text,
        .assembly_name = assembly_name.text,
        .build_id = build_id.text,
        .has_contract_fingerprint = entry.value.has_contract_fingerprint,
        .contract_fingerprint = entry.value.contract_fingerprint,
        .has_state_schema = entry.value.has_state_schema,
        .reads_min = entry.value.state_schema.reads_min,
        .reads_max = entry.value.state_schema.reads_max,
        .writes = entry.value.state_schema.writes,
    };
    return decode_list_push(list, &item, sizeof item) || decode_out_of_memory(stream);
}

pb_callback_t decode_version_map(struct decode_list *versions)
{
    return decode_each(read_version, versions);
}

static int compare_versions(const void *left, const void *right)
{
    const struct ranked_version *a = left, *b = right;
    int order = strcmp(a->version.actor_type, b->version.actor_type);
    return order != 0 ? order : a->rank < b->rank ? -1 : 1;
}

qvt_status decode_versions_finish(const struct decode_list *versions, const qvt_actor_version **out, size_t *count)
{
    void *array;
    *out = NULL;
    *count = 0;
    if (decode_list_flatten(versions, sizeof(struct ranked_version), &array) != QVT_OK) {
        return QVT_NO_MEMORY;
    }
    if (array == NULL) {
        return QVT_OK;
    }
    struct ranked_version *ranked = array;
    qvt_actor_version *kept = arena_alloc(versions->arena, versions->count * sizeof *kept);
    if (kept == NULL) {
        return QVT_NO_MEMORY;
    }
    qsort(ranked, versions->count, sizeof *ranked, compare_versions);
    for (size_t i = 0; i < versions->count; i++) {
        bool is_repeated = *count > 0 && strcmp(kept[*count - 1].actor_type, ranked[i].version.actor_type) == 0;
        *count -= is_repeated ? 1 : 0;
        kept[(*count)++] = ranked[i].version;
    }
    *out = kept;
    return QVT_OK;
}

void decode_head_prepare(struct decode_head *head, quark_version_v1_Position *position, struct arena *arena)
{
    head->store_id = (struct decode_text){arena, ""};
    position->store_id = decode_text(&head->store_id);
}

uint32_t decode_duration_ms(const google_protobuf_Duration *duration)
{
    if (duration->seconds < 0 || duration->nanos < 0) {
        return 0;
    }
    if (duration->seconds > UINT32_MAX / 1000 - 1) {
        return UINT32_MAX;
    }
    return (uint32_t)duration->seconds * 1000 + (uint32_t)duration->nanos / 1000000;
}

void decode_head_read(const struct decode_head *head, const quark_version_v1_Position *position,
                      const google_protobuf_Duration *cache_ttl, const google_protobuf_Duration *age, bool has_age,
                      qvt_answer *out)
{
    snprintf(out->position.store_id, sizeof out->position.store_id, "%s", head->store_id.text);
    out->position.revision = position->revision;
    out->position.token = position->token;
    out->cache_ttl_ms = decode_duration_ms(cache_ttl);
    out->is_aged = has_age;
    out->age_ms = has_age ? decode_duration_ms(age) : 0;
    out->is_stale = false;
}
