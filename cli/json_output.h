/* Whole messages as JSON on stdout, one a line. */
#ifndef QVT_CLI_JSON_OUTPUT_H
#define QVT_CLI_JSON_OUTPUT_H

#include <protobuf-c/protobuf-c.h>

#include "cli/command.h"
#include "json/type.h"

/* Prints the message of that type; an error goes to stderr. */
enum exit_code json_output(const struct json_message_type *type, const ProtobufCMessage *message);

#endif
