#include "server/registry/validate.h"

#include <inttypes.h>

#include "base/check.h"

qvt_status validate_status(int value, bool optional, const char *field, qvt_error *error)
{
    int least = optional ? PLACEMENT_STATUS_UNSPECIFIED : PLACEMENT_JOINING;
    if (value >= least && value <= PLACEMENT_DEAD) {
        return QVT_OK;
    }
    return qvt_error_field(error, field, "%d: a status is JOINING, ACTIVE, SHUTTING_DOWN or DEAD", value);
}

qvt_status validate_scheduling(int value, bool optional, const char *field, qvt_error *error)
{
    int least = optional ? PLACEMENT_SCHEDULING_UNSPECIFIED : PLACEMENT_SCHEDULABLE;
    if (value >= least && value <= PLACEMENT_DRAINING) {
        return QVT_OK;
    }
    return qvt_error_field(error, field, "%d: scheduling is SCHEDULABLE, STAGED, CORDONED or DRAINING", value);
}

qvt_status validate_labels(const struct label_map *labels, const struct registry_limits *limits, const char *field,
                           qvt_error *error)
{
    if (labels->count > limits->labels) {
        return qvt_error_field(error, field, "%zu labels: at most %" PRIu32, labels->count, limits->labels);
    }
    for (size_t i = 0; i < labels->count; i++) {
        QVT_TRY(validate_label(qvt_slice_text(labels->items[i]->key), qvt_slice_text(labels->items[i]->value),
                               limits->label_bytes, field, error));
    }
    return QVT_OK;
}

qvt_status validate_versions(const struct version_map *versions, const struct registry_limits *limits,
                             const char *field, qvt_error *error)
{
    if (versions->count > limits->silo_types) {
        return qvt_error_field(error, field, "%zu actor types: at most %" PRIu32, versions->count, limits->silo_types);
    }
    for (size_t i = 0; i < versions->count; i++) {
        const Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *entry = versions->items[i];
        qvt_slice text = qvt_slice_text(entry->value == NULL ? NULL : entry->value->version);
        QVT_TRY(validate_type_version(entry->key, text, field, error));
    }
    return QVT_OK;
}

qvt_status validate_lease(const Google__Protobuf__Duration *asked, const struct registry_limits *limits,
                          const char *field, uint32_t *lease_ms, qvt_error *error)
{
    if (asked == NULL || (asked->seconds == 0 && asked->nanos == 0)) {
        *lease_ms = limits->lease_default_ms;
        return QVT_OK;
    }
    if (asked->seconds < 0 || asked->nanos < 0 || asked->nanos > 999999999) {
        return qvt_error_field(error, field, "%" PRId64 " s %" PRId32 " ns: a lease is a positive duration",
                               asked->seconds, asked->nanos);
    }
    int64_t longest_s = limits->lease_max_ms / 1000 + 1;
    int64_t seconds = asked->seconds > longest_s ? longest_s : asked->seconds;
    int64_t ms = seconds * 1000 + asked->nanos / 1000000;
    ms = ms < limits->lease_min_ms ? limits->lease_min_ms : ms;
    *lease_ms = ms > limits->lease_max_ms ? limits->lease_max_ms : (uint32_t)ms;
    return QVT_OK;
}
