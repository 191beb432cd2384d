#include "client/src/facts.h"

#include <string.h>

#include "client/src/version_set.h"

qvt_status facts_init(struct facts *facts)
{
    facts->registration = (qvt_registration)QVT_REGISTRATION_INIT;
    facts->versions = NULL;
    facts->has_health = false;
    qvt_error_clear(&facts->last_error);
    return uv_mutex_init(&facts->lock) == 0 ? QVT_OK : QVT_UNAVAILABLE;
}

void facts_deinit(struct facts *facts)
{
    uv_mutex_destroy(&facts->lock);
}

void facts_publish(struct facts *facts, const qvt_registration *registration, const struct version_set *versions)
{
    uv_mutex_lock(&facts->lock);
    facts->registration = *registration;
    facts->versions = versions;
    uv_mutex_unlock(&facts->lock);
}

void facts_read(struct facts *facts, qvt_registration *out)
{
    uv_mutex_lock(&facts->lock);
    *out = facts->registration;
    uv_mutex_unlock(&facts->lock);
}

static qvt_status copy_version(const struct version_set *set, const char *actor_type, char *out, size_t size)
{
    const qvt_actor_version *found = set == NULL ? NULL : version_set_find(set, actor_type);
    if (found == NULL || found->version == NULL) {
        return QVT_NOT_FOUND;
    }
    size_t len = strlen(found->version);
    if (len >= size) {
        return QVT_INVALID_ARGUMENT;
    }
    memcpy(out, found->version, len + 1);
    return QVT_OK;
}

qvt_status facts_local_version(struct facts *facts, const char *actor_type, char *out, size_t size)
{
    uv_mutex_lock(&facts->lock);
    qvt_status status = copy_version(facts->versions, actor_type, out, size);
    uv_mutex_unlock(&facts->lock);
    return status;
}

void facts_set_health(struct facts *facts, const qvt_health *health)
{
    uv_mutex_lock(&facts->lock);
    facts->has_health = health != NULL;
    if (health != NULL) {
        facts->health = *health;
    }
    uv_mutex_unlock(&facts->lock);
}

bool facts_read_health(struct facts *facts, qvt_health *out)
{
    uv_mutex_lock(&facts->lock);
    bool has_health = facts->has_health;
    if (has_health) {
        *out = facts->health;
    }
    uv_mutex_unlock(&facts->lock);
    return has_health;
}

void facts_set_error(struct facts *facts, const qvt_error *error)
{
    uv_mutex_lock(&facts->lock);
    facts->last_error = *error;
    uv_mutex_unlock(&facts->lock);
}

void facts_read_error(struct facts *facts, qvt_error *out)
{
    uv_mutex_lock(&facts->lock);
    *out = facts->last_error;
    uv_mutex_unlock(&facts->lock);
}
