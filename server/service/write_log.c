#include "server/service/write_log.h"

#include "server/service/call_id.h"

static const char *request_id_of(const struct command *command)
{
    switch (command->kind) {
    case COMMAND_REGISTER_SILO: return command->register_silo->request_id;
    case COMMAND_REGISTER_VERSIONS: return command->register_versions->request_id;
    case COMMAND_UPDATE_SILO: return command->update_silo->request_id;
    case COMMAND_UNREGISTER_SILO: return command->unregister_silo->request_id;
    case COMMAND_SET_POLICY: return command->set_policy->request_id;
    case COMMAND_DELETE_POLICY: return command->delete_policy->request_id;
    default: return "";
    }
}

void write_log(const struct log *log, const qvt_rpc_unary *unary, const char *cluster, const struct command *command,
               const struct replica_outcome *outcome)
{
    if (log == NULL || log->level > LOG_DEBUG) {
        return;
    }
    char id[CALL_ID_TEXT_MAX];
    call_id_text(id, unary->carrier->name, unary->id);
    log_write(log, LOG_DEBUG, "write", log_text("call", id), log_text("request_id", request_id_of(command)),
              log_text("cluster", cluster), log_uint("revision", outcome->position.revision),
              log_text("code", qvt_status_name(outcome->status)));
}
