/* Private to server/service: the handlers by subject, as the generated interface wants them. */
#ifndef QVT_SERVER_SERVICE_HANDLERS_H
#define QVT_SERVER_SERVICE_HANDLERS_H

#include "qvt/rpc/unary.h"
#include "server/service/service_impl.h"

#define SERVICE_HANDLER(name, message)                                                                                 \
    void name(void *self, qvt_rpc_unary *unary, const Quark__Version__V1__##message##Request *request)

SERVICE_HANDLER(handle_register_silo, RegisterSilo);
SERVICE_HANDLER(handle_get_silo, GetSilo);
SERVICE_HANDLER(handle_list_silos, ListSilos);
SERVICE_HANDLER(handle_update_silo, UpdateSilo);
SERVICE_HANDLER(handle_unregister_silo, UnregisterSilo);
SERVICE_HANDLER(handle_heartbeat, Heartbeat);
SERVICE_HANDLER(handle_register_silo_versions, RegisterSiloVersions);
SERVICE_HANDLER(handle_get_silo_capabilities, GetSiloCapabilities);
SERVICE_HANDLER(handle_list_silo_capabilities, ListSiloCapabilities);
SERVICE_HANDLER(handle_get_actor_type_version, GetActorTypeVersion);
SERVICE_HANDLER(handle_find_compatible_silos, FindCompatibleSilos);
SERVICE_HANDLER(handle_set_policy, SetPolicy);
SERVICE_HANDLER(handle_get_policy, GetPolicy);
SERVICE_HANDLER(handle_list_policies, ListPolicies);
SERVICE_HANDLER(handle_delete_policy, DeletePolicy);
SERVICE_HANDLER(handle_get_cluster_status, GetClusterStatus);

#endif
