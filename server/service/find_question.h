/* Private to find: request and policy combined into one question. */
#ifndef QVT_SERVER_SERVICE_FIND_QUESTION_H
#define QVT_SERVER_SERVICE_FIND_QUESTION_H

#include "server/service/service_impl.h"
#include "version/placement_request.h"

/* Reads the request and lets placement_request_read judge it with the policy in force; *out borrows from both.
 * INVALID_ARGUMENT. Pure. */
QVT_MUST_CHECK qvt_status find_question_read(struct placement_asked *out, const struct registry *registry,
                                             const Quark__Version__V1__FindCompatibleSilosRequest *request,
                                             qvt_error *error);

#endif
