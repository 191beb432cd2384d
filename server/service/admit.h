/* Private to server/service: the guard before every method, whatever carries the call. Without one all are served. */
#ifndef QVT_SERVER_SERVICE_ADMIT_H
#define QVT_SERVER_SERVICE_ADMIT_H

#include "server/service/service_impl.h"

/* The handlers' admit: whether the caller may do what the request asks for; whoever he is, the change will say so. */
qvt_status admit_request(void *self, qvt_rpc_unary *unary, const qvt_rpc_method *method, ProtobufCMessage *request,
                         qvt_error *error);

/* The same for a find that is not decoded yet. *is_judged false: only decoding tells which cluster it is about, if any, and
 * then admit_find_decoded is due before anything is answered. */
QVT_MUST_CHECK qvt_status admit_find(struct service *service, uint64_t caller, qvt_slice wire, bool *is_judged,
                                     qvt_error *error);
QVT_MUST_CHECK qvt_status admit_find_decoded(struct service *service, uint64_t caller, const char *cluster,
                                             qvt_error *error);

#endif
