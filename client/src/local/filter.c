#include "client/src/local/filter.h"

#include <string.h>

#include "base/check.h"
#include "client/src/local/call.h"
#include "client/src/record_decode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"
#include "version/validate.h"

/* As a tracker limits them. */
#define ENTRIES_MAX 4096
#define PREFIX_MAX 256u

static bool read_entry(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct decode_list *list = *arg;
    struct decode_text entry = {list->arena, ""};
    void *target = &entry;
    return decode_text(&entry).funcs.decode(stream, field, &target) &&
           (decode_list_push(list, &entry.text, sizeof entry.text) || decode_out_of_memory(stream));
}

static qvt_status check_entry(enum local_filter_kind kind, const char *text, qvt_error *error)
{
    static const char *const fields[] = {"actor_types", "silo_ids", "actor_type_prefixes", "silo_id_prefixes"};
    qvt_slice entry = qvt_slice_text(text);
    if (kind == FILTER_TYPES) {
        return validate_actor_type(entry, fields[kind], error);
    }
    if (kind == FILTER_SILOS) {
        return validate_silo_id(entry, fields[kind], error);
    }
    if (entry.len > PREFIX_MAX) {
        return qvt_error_field(error, fields[kind], "%s: a prefix has at most %u bytes", fields[kind], PREFIX_MAX);
    }
    return QVT_OK;
}

static qvt_status check(const struct local_filter *filter, qvt_error *error)
{
    size_t entries = 0;
    for (unsigned kind = 0; kind < FILTER_KINDS; kind++) {
        for (size_t i = 0; i < filter->lists[kind].count; i++) {
            QVT_TRY(check_entry((enum local_filter_kind)kind, filter->lists[kind].items[i], error));
        }
        entries += filter->lists[kind].count;
    }
    if (entries > ENTRIES_MAX) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL,
                             "a watch names at most %d actor types, silos and prefixes", ENTRIES_MAX);
    }
    return QVT_OK;
}

qvt_status local_filter_read(struct local_filter *out, qvt_position *resume_after, qvt_slice wire, qvt_error *error)
{
    struct decode_list lists[FILTER_KINDS];
    struct decode_text store_id = {&out->arena, ""};
    quark_version_v1_WatchRequest request = quark_version_v1_WatchRequest_init_zero;
    pb_callback_t *const fields[] = {&request.actor_types, &request.silo_ids, &request.actor_type_prefixes,
                                     &request.silo_id_prefixes};
    arena_init(&out->arena, DECODE_MEMORY_MAX);
    for (unsigned kind = 0; kind < FILTER_KINDS; kind++) {
        lists[kind] = (struct decode_list){.arena = &out->arena};
        *fields[kind] = decode_each(read_entry, &lists[kind]);
    }
    request.resume_after.store_id = decode_text(&store_id);
    QVT_TRY(local_decode(wire, quark_version_v1_WatchRequest_fields, &request, error));
    read_position(&request.resume_after, store_id.text, resume_after);
    for (unsigned kind = 0; kind < FILTER_KINDS; kind++) {
        void *items;
        if (decode_list_flatten(&lists[kind], sizeof(const char *), &items) != QVT_OK) {
            return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory for the watch");
        }
        out->lists[kind].items = items;
        out->lists[kind].count = lists[kind].count;
    }
    return check(out, error);
}

void local_filter_deinit(struct local_filter *filter)
{
    arena_deinit(&filter->arena);
}

static bool takes(const struct local_filter *filter, enum local_filter_kind exact, enum local_filter_kind prefixes,
                  const char *text)
{
    for (size_t i = 0; i < filter->lists[exact].count; i++) {
        if (strcmp(filter->lists[exact].items[i], text) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < filter->lists[prefixes].count; i++) {
        const char *prefix = filter->lists[prefixes].items[i];
        if (strncmp(prefix, text, strlen(prefix)) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_open(const struct local_filter *filter)
{
    size_t entries = 0;
    for (unsigned kind = 0; kind < FILTER_KINDS; kind++) {
        entries += filter->lists[kind].count;
    }
    return entries == 0;
}

bool local_filter_takes(const struct local_filter *filter, const struct local_silo *silo)
{
    const qvt_silo_info *info = &silo->info;
    if (is_open(filter) || takes(filter, FILTER_SILOS, FILTER_SILO_PREFIXES, info->silo_id)) {
        return true;
    }
    for (size_t i = 0; i < info->version_count; i++) {
        if (takes(filter, FILTER_TYPES, FILTER_TYPE_PREFIXES, info->versions[i].actor_type)) {
            return true;
        }
    }
    return false;
}
