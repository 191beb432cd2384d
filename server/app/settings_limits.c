#include "server/app/settings_limits.h"

struct registry_limits settings_limits(const struct settings *settings)
{
    struct registry_limits limits = REGISTRY_LIMITS_DEFAULT;
    limits.silos = (uint32_t)settings->silos_max;
    limits.silo_types = (uint32_t)settings->actor_types_max;
    limits.labels = (uint32_t)settings->labels_max;
    limits.label_bytes = (uint32_t)settings->label_bytes_max;
    limits.registration_bytes = (uint32_t)settings->registration_bytes_max;
    limits.lease_default_ms = (uint32_t)settings->lease_ttl_ms;
    limits.lease_min_ms = (uint32_t)settings->lease_ttl_min_ms;
    limits.lease_max_ms = (uint32_t)settings->lease_ttl_max_ms;
    limits.suspect_missed = (uint32_t)settings->suspect_missed;
    limits.recover_renewals = (uint32_t)settings->recover_renewals;
    limits.unhealthy_below = (uint32_t)settings->unhealthy_below;
    limits.bulk_silos = (uint32_t)settings->bulk_silos;
    limits.bulk_bytes = (uint32_t)settings->bulk_bytes;
    limits.dead_silos = (uint32_t)settings->dead_max;
    limits.dead_us = (int64_t)settings->dead_keep_ms * 1000;
    limits.preserve_silos = (uint32_t)settings->preserve_silos;
    limits.preserve_percent = (uint32_t)settings->preserve_percent;
    limits.preserve_max_us = (int64_t)settings->preserve_max_ms * 1000;
    limits.history_changes = (uint32_t)settings->history_changes_max;
    limits.history_us = (int64_t)settings->history_age_ms * 1000;
    limits.history_bytes = settings->history_bytes_max;
    return limits;
}
