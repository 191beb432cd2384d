/* The shape of most commands: one request, one answer, shown as JSON or by the command's own function. */
#ifndef QVT_CLI_ASK_H
#define QVT_CLI_ASK_H

#include <protobuf-c/protobuf-c.h>

#include "qvt/rpc/method.h"
#include "cli/command.h"
#include "json/type.h"

/* show prints the answer for people; it is not called for JSON. */
enum exit_code ask(const struct settings *settings, const qvt_rpc_method *method, const ProtobufCMessage *request,
                   const struct json_message_type *answer_type, enum exit_code (*show)(const ProtobufCMessage *answer));

#endif
