#include "client/src/local/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/local/call.h"
#include "client/src/local/filter.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"

/*   WAITING --first change--> RESET --> RECORDS --> LIVE
 *   WAITING --its position is kept--> LIVE       LIVE --its next change is not kept--> RESET */
enum stage { WAITING, RESET, RECORDS, LIVE };

typedef quark_version_v1_WatchResponse watch_response;

struct local_watch {
    struct local_cluster *cluster;
    struct local_filter filter;
    enum stage stage;
    qvt_position seen; /* LIVE: where it stands; before: where to resume, revision 0: nowhere */
    bool has_resume;
    bool is_due; /* a message of progress */
    /* The walk: every silo at one moment, in order of its last change. */
    struct local_silo **silos;
    size_t silo_count, silo_at;
};

qvt_status local_watch_new(struct local_watch **out, struct local_cluster *cluster, qvt_slice request, qvt_error *error)
{
    struct local_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory for the watch");
    }
    watch->cluster = cluster;
    qvt_status status = local_filter_read(&watch->filter, &watch->seen, request, error);
    if (status != QVT_OK) {
        local_watch_free(watch);
        return status;
    }
    watch->has_resume = watch->seen.store_id[0] != '\0' || watch->seen.revision > 0;
    *out = watch;
    return QVT_OK;
}

static void end_walk(struct local_watch *watch)
{
    for (size_t i = watch->silo_at; i < watch->silo_count; i++) {
        local_silo_unref(watch->silos[i]);
    }
    free(watch->silos);
    watch->silos = NULL;
    watch->silo_count = 0;
    watch->silo_at = 0;
}

void local_watch_free(struct local_watch *watch)
{
    if (watch != NULL) {
        end_walk(watch);
        local_filter_deinit(&watch->filter);
        free(watch);
    }
}

void local_watch_tick(struct local_watch *watch)
{
    watch->is_due = watch->stage == LIVE;
}

static int compare_silos(const void *a, const void *b)
{
    const struct local_silo *const *left = a, *const *right = b;
    return (*left)->info.mod_revision < (*right)->info.mod_revision ? -1 : 1;
}

static qvt_status begin_walk(struct local_watch *watch)
{
    const struct local_cluster *cluster = watch->cluster;
    struct local_silo **silos = malloc((cluster->entry_count + 1) * sizeof(struct local_silo *));
    if (silos == NULL) {
        return QVT_NO_MEMORY;
    }
    end_walk(watch);
    for (size_t i = 0; i < cluster->entry_count; i++) {
        if (local_filter_takes(&watch->filter, cluster->entries[i].silo)) {
            silos[watch->silo_count++] = local_silo_ref(cluster->entries[i].silo);
        }
    }
    if (watch->silo_count > 1) {
        qsort(silos, watch->silo_count, sizeof(struct local_silo *), compare_silos);
    }
    watch->silos = silos;
    watch->seen = cluster->head;
    watch->stage = RECORDS;
    return QVT_OK;
}

static qvt_status finish(struct buf *out, watch_response *response, pb_size_t tag)
{
    response->which_event = tag;
    return encode_message(out, quark_version_v1_WatchResponse_fields, response);
}

static void stand(watch_response *response, const qvt_position *position)
{
    response->has_position = true;
    response->position = encode_position(position);
}

static qvt_status tell_reset(struct local_watch *watch, struct buf *out)
{
    watch_response response = quark_version_v1_WatchResponse_init_zero;
    QVT_TRY(begin_walk(watch));
    response.event.reset.has_position = true;
    response.event.reset.position = encode_position(&watch->seen);
    return finish(out, &response, quark_version_v1_WatchResponse_reset_tag);
}

static void fill_record(struct silo_writer *writer, quark_version_v1_Record *record, const struct local_silo *silo)
{
    record->kind = quark_version_v1_RecordKind_RECORD_KIND_SILO;
    record->key = encode_text(silo->info.silo_id);
    record->which_value = quark_version_v1_Record_silo_tag;
    silo_writer_fill(writer, &record->value.silo, &silo->info);
}

static qvt_status tell_record(struct local_watch *watch, struct buf *out)
{
    struct silo_writer writer;
    struct local_silo *silo = watch->silos[watch->silo_at++];
    watch_response response = quark_version_v1_WatchResponse_init_zero;
    fill_record(&writer, &response.event.record, silo);
    qvt_status status = finish(out, &response, quark_version_v1_WatchResponse_record_tag);
    local_silo_unref(silo);
    return status;
}

static qvt_status tell_end(struct local_watch *watch, struct buf *out)
{
    watch_response response = quark_version_v1_WatchResponse_init_zero;
    end_walk(watch);
    watch->stage = LIVE;
    stand(&response, &watch->seen);
    return finish(out, &response, quark_version_v1_WatchResponse_walk_end_tag);
}

static qvt_status tell_progress(struct local_watch *watch, struct buf *out)
{
    watch_response response = quark_version_v1_WatchResponse_init_zero;
    watch->is_due = false;
    stand(&response, &watch->seen);
    return finish(out, &response, quark_version_v1_WatchResponse_progress_tag);
}

static bool write_put(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    struct silo_writer writer;
    quark_version_v1_Record record = quark_version_v1_Record_init_zero;
    fill_record(&writer, &record, *arg);
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_submessage(stream, quark_version_v1_Record_fields, &record);
}

static bool write_delete(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct local_silo *silo = *arg;
    quark_version_v1_RecordKey key = quark_version_v1_RecordKey_init_zero;
    key.kind = quark_version_v1_RecordKind_RECORD_KIND_SILO;
    key.key = encode_text(silo->info.silo_id);
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_submessage(stream, quark_version_v1_RecordKey_fields, &key);
}

static void set_silo(pb_callback_t *field, bool (*write)(pb_ostream_t *, const pb_field_t *, void *const *),
                     struct local_silo *silo)
{
    field->funcs.encode = write;
    field->arg = silo;
}

/* Nothing of it matches: nothing is said, and the next progress stands behind it. */
static qvt_status tell_change(struct local_watch *watch, struct buf *out)
{
    const struct local_change *change = local_cluster_change(watch->cluster, watch->seen.revision + 1);
    if (change == NULL) {
        return tell_reset(watch, out);
    }
    watch->seen = change->position;
    watch_response response = quark_version_v1_WatchResponse_init_zero;
    quark_version_v1_Change *said = &response.event.change;
    if (change->after != NULL && local_filter_takes(&watch->filter, change->after)) {
        set_silo(&said->puts, write_put, change->after);
    } else if (change->before != NULL && local_filter_takes(&watch->filter, change->before)) {
        set_silo(&said->deletes, write_delete, change->before);
    } else {
        return QVT_OK;
    }
    stand(&response, &change->position);
    said->has_position = true;
    said->position = encode_position(&change->position);
    said->previous_token = change->previous_token;
    said->event = (quark_version_v1_ChangeEvent)change->event;
    said->has_time = true;
    said->time.seconds = change->time_us / 1000000;
    said->time.nanos = (int32_t)(change->time_us % 1000000) * 1000;
    return finish(out, &response, quark_version_v1_WatchResponse_change_tag);
}

static qvt_status tell_live(struct local_watch *watch, struct buf *out)
{
    while (out->len == 0 && watch->stage == LIVE && watch->seen.revision < watch->cluster->head.revision) {
        QVT_TRY(tell_change(watch, out));
    }
    return out->len == 0 && watch->is_due ? tell_progress(watch, out) : QVT_OK;
}

/* SPEC §2: a watch on a cluster that nobody created waits. One that resumes where nothing happened since hears so. */
static void start(struct local_watch *watch)
{
    if (watch->cluster->head.revision > 0) {
        bool is_kept = watch->has_resume && local_cluster_resume(watch->cluster, &watch->seen) == LOCAL_RESUME_KEPT;
        watch->stage = is_kept ? LIVE : RESET;
        watch->is_due = is_kept;
    }
}

qvt_status local_watch_next(struct local_watch *watch, struct buf *out)
{
    if (watch->stage == WAITING) {
        start(watch);
    }
    switch (watch->stage) {
    case WAITING: return QVT_OK;
    case RESET: return tell_reset(watch, out);
    case RECORDS: return watch->silo_at < watch->silo_count ? tell_record(watch, out) : tell_end(watch, out);
    case LIVE: break;
    }
    return tell_live(watch, out);
}
