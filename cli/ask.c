#include "cli/ask.h"

#include "cli/json_output.h"
#include "cli/report.h"
#include "cli/session.h"

static enum exit_code ask_on(struct session *session, const qvt_rpc_method *method, const ProtobufCMessage *request,
                             const struct json_message_type *answer_type,
                             enum exit_code (*show)(const ProtobufCMessage *answer))
{
    ProtobufCMessage *answer;
    qvt_error error;
    if (session_call(session, method, request, answer_type->descriptor, &answer, &error) != QVT_OK) {
        return report_error(&error);
    }
    enum exit_code code = session->settings->json ? json_output(answer_type, answer) : show(answer);
    session_free_answer(answer);
    return code;
}

enum exit_code ask(const struct settings *settings, const qvt_rpc_method *method, const ProtobufCMessage *request,
                   const struct json_message_type *answer_type, enum exit_code (*show)(const ProtobufCMessage *answer))
{
    struct session session;
    qvt_error error;
    if (session_open(&session, settings, &error) != QVT_OK) {
        return report_not_opened(&error);
    }
    enum exit_code code = ask_on(&session, method, request, answer_type, show);
    session_close(&session);
    return code;
}
