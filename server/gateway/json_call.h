/* Private to server/gateway: a unary method called with a decoded request, its answer turned into JSON. */
#ifndef QVT_SERVER_GATEWAY_JSON_CALL_H
#define QVT_SERVER_GATEWAY_JSON_CALL_H

#include "server/gateway/request.h"

/* Calls request->binding's handler; the message lives in request->memory. The answer comes now or later. */
void json_call_start(struct request *request, const ProtobufCMessage *message);

#endif
