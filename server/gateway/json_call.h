/* Private to server/gateway: a unary method called with a decoded request, its answer turned into JSON. */
#ifndef QVT_SERVER_GATEWAY_JSON_CALL_H
#define QVT_SERVER_GATEWAY_JSON_CALL_H

#include "server/gateway/request.h"

/* Makes the request's unary face usable. */
void json_call_prepare(struct request *request);

/* After json_call_prepare: calls request->binding's handler; the message lives in request->memory. The answer comes now or later. */
void json_call_start(struct request *request, const ProtobufCMessage *message);

#endif
