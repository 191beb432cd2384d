/* A service as tables, for carriers other than gRPC: what a method takes, returns, and how to call its handler. */
#ifndef QVT_JSON_BINDING_H
#define QVT_JSON_BINDING_H

#include "json/type.h"
#include "qvt/rpc/method.h"
#include "qvt/rpc/unary.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One method; static storage. */
struct json_binding {
    const qvt_rpc_method *method;
    const struct json_message_type *request;
    const struct json_message_type *response;
    /* Calls the handler; handlers is the service's `…_handlers`, self what belongs to it, request of the request type. A
     * handler that is missing fails the call with UNIMPLEMENTED. NULL for methods with a stream. */
    void (*dispatch)(const void *handlers, void *self, qvt_rpc_unary *unary, const ProtobufCMessage *request);
    /* Sets one field of the request from text, as json/field.h says: path captures and query parameters. NULL when no
     * HTTP rule names the method. */
    qvt_status (*set_field)(struct json_reader *reader, ProtobufCMessage *request, const char *path, const char *text);
};

#ifdef __cplusplus
}
#endif

#endif
