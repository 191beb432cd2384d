#include "server/identity/rules.h"

#include <stdbool.h>
#include <string.h>

#include "grpc/health/v1/health.methods.h"
#include "grpc/reflection/v1/reflection.methods.h"
#include "grpc/reflection/v1alpha/reflection.methods.h"
#include "quark/version/v1/version_tracker.methods.h"
#include "quark/version/v1/version_tracker.pb-c.h"

#define REQUEST(message) const Quark__Version__V1__##message##Request *

#define CLUSTER_OF(name, message)                                                                                      \
    static const char *name##_cluster(const ProtobufCMessage *request)                                                 \
    {                                                                                                                  \
        return ((REQUEST(message))request)->cluster;                                                                   \
    }
#define SILO_OF(name, message)                                                                                         \
    static const char *name##_silo(const ProtobufCMessage *request)                                                    \
    {                                                                                                                  \
        return ((REQUEST(message))request)->silo_id;                                                                   \
    }
#define WHO_OF(name, message)                                                                                          \
    static char **name##_who(ProtobufCMessage *request)                                                                \
    {                                                                                                                  \
        return &((Quark__Version__V1__##message##Request *)request)->who;                                              \
    }

CLUSTER_OF(register_silo, RegisterSilo)
CLUSTER_OF(get_silo, GetSilo)
CLUSTER_OF(list_silos, ListSilos)
CLUSTER_OF(update_silo, UpdateSilo)
CLUSTER_OF(unregister_silo, UnregisterSilo)
CLUSTER_OF(heartbeat, Heartbeat)
CLUSTER_OF(register_silo_versions, RegisterSiloVersions)
CLUSTER_OF(get_silo_capabilities, GetSiloCapabilities)
CLUSTER_OF(list_silo_capabilities, ListSiloCapabilities)
CLUSTER_OF(get_actor_type_version, GetActorTypeVersion)
CLUSTER_OF(find_compatible_silos, FindCompatibleSilos)
CLUSTER_OF(set_policy, SetPolicy)
CLUSTER_OF(get_policy, GetPolicy)
CLUSTER_OF(list_policies, ListPolicies)
CLUSTER_OF(delete_policy, DeletePolicy)
CLUSTER_OF(get_cluster_status, GetClusterStatus)
CLUSTER_OF(watch, Watch)

SILO_OF(update_silo, UpdateSilo)
SILO_OF(unregister_silo, UnregisterSilo)
SILO_OF(heartbeat, Heartbeat)
SILO_OF(register_silo_versions, RegisterSiloVersions)

WHO_OF(register_silo, RegisterSilo)
WHO_OF(update_silo, UpdateSilo)
WHO_OF(unregister_silo, UnregisterSilo)
WHO_OF(register_silo_versions, RegisterSiloVersions)
WHO_OF(set_policy, SetPolicy)
WHO_OF(delete_policy, DeletePolicy)

static const char *register_silo_silo(const ProtobufCMessage *request)
{
    REQUEST(RegisterSilo) typed = (REQUEST(RegisterSilo))request;
    return typed->silo == NULL ? "" : typed->silo->silo_id;
}

static bool masks(REQUEST(UpdateSilo) request, const char *path)
{
    for (size_t i = 0; request->update_mask != NULL && i < request->update_mask->n_paths; i++) {
        if (strcmp(request->update_mask->paths[i], path) == 0) {
            return true;
        }
    }
    return request->update_mask == NULL || request->update_mask->n_paths == 0;
}

/* SPEC §3.3: operators set the scheduling of a silo, DRAINING the silo itself too. What is neither named by the mask nor
 * set in a request without a mask is not changed. */
static const char *operators_scheduling(const ProtobufCMessage *request)
{
    REQUEST(UpdateSilo) update = (REQUEST(UpdateSilo))request;
    bool has_mask = update->update_mask != NULL && update->update_mask->n_paths > 0;
    if (update->silo == NULL || !masks(update, "scheduling") ||
        update->silo->scheduling == QUARK__VERSION__V1__SCHEDULING__SCHEDULING_DRAINING ||
        (!has_mask && update->silo->scheduling == QUARK__VERSION__V1__SCHEDULING__SCHEDULING_UNSPECIFIED)) {
        return NULL;
    }
    return "silo.scheduling";
}

#define METHOD(name) [QUARK_VERSION_V1_VERSION_TRACKER_##name]

static const struct rule TRACKER[QUARK_VERSION_V1_VERSION_TRACKER_METHOD_COUNT] = {
    METHOD(REGISTER_SILO) = {RULE_OWN_SILO, register_silo_cluster, register_silo_silo, register_silo_who, NULL},
    METHOD(GET_SILO) = {RULE_READ, get_silo_cluster, NULL, NULL, NULL},
    METHOD(LIST_SILOS) = {RULE_READ, list_silos_cluster, NULL, NULL, NULL},
    METHOD(UPDATE_SILO) = {RULE_OWN_SILO, update_silo_cluster, update_silo_silo, update_silo_who, operators_scheduling},
    METHOD(UNREGISTER_SILO) = {RULE_OWN_SILO, unregister_silo_cluster, unregister_silo_silo, unregister_silo_who, NULL},
    METHOD(HEARTBEAT) = {RULE_OWN_SILO, heartbeat_cluster, heartbeat_silo, NULL, NULL},
    METHOD(HEARTBEAT_STREAM) = {RULE_OWN_SILO, heartbeat_cluster, heartbeat_silo, NULL, NULL},
    METHOD(REGISTER_SILO_VERSIONS) = {RULE_OWN_SILO, register_silo_versions_cluster, register_silo_versions_silo,
                                      register_silo_versions_who, NULL},
    METHOD(GET_SILO_CAPABILITIES) = {RULE_READ, get_silo_capabilities_cluster, NULL, NULL, NULL},
    METHOD(LIST_SILO_CAPABILITIES) = {RULE_READ, list_silo_capabilities_cluster, NULL, NULL, NULL},
    METHOD(GET_ACTOR_TYPE_VERSION) = {RULE_READ, get_actor_type_version_cluster, NULL, NULL, NULL},
    METHOD(FIND_COMPATIBLE_SILOS) = {RULE_READ, find_compatible_silos_cluster, NULL, NULL, NULL},
    METHOD(SET_POLICY) = {RULE_OPERATE, set_policy_cluster, NULL, set_policy_who, NULL},
    METHOD(GET_POLICY) = {RULE_READ, get_policy_cluster, NULL, NULL, NULL},
    METHOD(LIST_POLICIES) = {RULE_READ, list_policies_cluster, NULL, NULL, NULL},
    METHOD(DELETE_POLICY) = {RULE_OPERATE, delete_policy_cluster, NULL, delete_policy_who, NULL},
    METHOD(GET_CLUSTER_STATUS) = {RULE_READ, get_cluster_status_cluster, NULL, NULL, NULL},
    METHOD(WATCH) = {RULE_READ, watch_cluster, NULL, NULL, NULL},
};

static bool serves(const qvt_rpc_service *service, const qvt_rpc_method *method)
{
    return method->index < service->method_count && &service->methods[method->index] == method;
}

const struct rule *rules_of(const qvt_rpc_method *method)
{
    static const struct rule MISSING = {.kind = RULE_MISSING};
    static const struct rule OPEN = {.kind = RULE_OPEN};
    static const struct rule ANYONE = {.kind = RULE_ANYONE};
    if (serves(&quark_version_v1_version_tracker, method)) {
        return &TRACKER[method->index];
    }
    if (serves(&grpc_health_v1_health, method)) {
        return &OPEN;
    }
    if (serves(&grpc_reflection_v1_server_reflection, method) ||
        serves(&grpc_reflection_v1alpha_server_reflection, method)) {
        return &ANYONE;
    }
    return &MISSING;
}
