#include "server/service/change_log.h"

static const struct {
    const char *name;
    enum log_level level;
} EVENTS[] = {
    {"change", LOG_DEBUG},
    [CHANGE_CLUSTER_CREATED] = {"cluster created", LOG_INFO},
    [CHANGE_SILO_REGISTERED] = {"silo registered", LOG_DEBUG},
    [CHANGE_SILO_UPDATED] = {"silo updated", LOG_DEBUG},
    [CHANGE_SILO_VERSIONS_REGISTERED] = {"silo versions registered", LOG_DEBUG},
    [CHANGE_SILO_LEFT] = {"silo left", LOG_DEBUG},
    [CHANGE_SILO_EXPIRED] = {"silo expired", LOG_WARN},
    [CHANGE_SILO_SUSPECT] = {"silo suspect", LOG_INFO},
    [CHANGE_SILO_HEALTH] = {"silo health", LOG_INFO},
    [CHANGE_SILO_PURGED] = {"silo purged", LOG_DEBUG},
    [CHANGE_EXPIRY_PAUSED] = {"expiry paused", LOG_WARN},
    [CHANGE_EXPIRY_RESUMED] = {"expiry resumed", LOG_WARN},
    [CHANGE_POLICY_SET] = {"policy set", LOG_INFO},
    [CHANGE_POLICY_DELETED] = {"policy deleted", LOG_INFO},
};

void change_log_write(const struct log *log, const char *cluster, const struct change *change)
{
    uint32_t known = sizeof(EVENTS) / sizeof(EVENTS[0]);
    uint32_t event = change->event < known && EVENTS[change->event].name != NULL ? change->event : 0;
    if (log == NULL || EVENTS[event].level < log->level) {
        return;
    }
    qvt_slice key = change->put_count > 0      ? image_key(change->puts[0])
                    : change->delete_count > 0 ? change->deletes[0].key
                                               : qvt_slice_make(NULL, 0);
    log_write(log, EVENTS[event].level, EVENTS[event].name, log_text("cluster", cluster),
              log_uint("revision", change->position.revision), log_slice("key", key),
              log_uint("records", change->put_count + change->delete_count), log_slice("who", change->who),
              log_slice("why", change->why), log_slice("request_id", change->request_id));
}
