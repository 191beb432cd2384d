#include "server/service/handlers.h"

#include "server/service/write.h"

SERVICE_HANDLER(handle_register_silo, RegisterSilo)
{
    const struct command command = {.kind = COMMAND_REGISTER_SILO, .register_silo = request};
    write_submit(self, unary, request->cluster, &command);
}

SERVICE_HANDLER(handle_register_silo_versions, RegisterSiloVersions)
{
    const struct command command = {.kind = COMMAND_REGISTER_VERSIONS, .register_versions = request};
    write_submit(self, unary, request->cluster, &command);
}

SERVICE_HANDLER(handle_update_silo, UpdateSilo)
{
    const struct command command = {.kind = COMMAND_UPDATE_SILO, .update_silo = request};
    write_submit(self, unary, request->cluster, &command);
}

SERVICE_HANDLER(handle_unregister_silo, UnregisterSilo)
{
    const struct command command = {.kind = COMMAND_UNREGISTER_SILO, .unregister_silo = request};
    write_submit(self, unary, request->cluster, &command);
}

SERVICE_HANDLER(handle_set_policy, SetPolicy)
{
    const struct command command = {.kind = COMMAND_SET_POLICY, .set_policy = request};
    write_submit(self, unary, request->cluster, &command);
}

SERVICE_HANDLER(handle_delete_policy, DeletePolicy)
{
    const struct command command = {.kind = COMMAND_DELETE_POLICY, .delete_policy = request};
    write_submit(self, unary, request->cluster, &command);
}
