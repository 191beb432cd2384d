/* Private to find: request and policy combined into one question. */
#ifndef QVT_SERVER_SERVICE_FIND_QUESTION_H
#define QVT_SERVER_SERVICE_FIND_QUESTION_H

#include "server/service/service_impl.h"
#include "version/placement.h"

/* placement points into the other members and the request: do not move. */
struct find_question {
    struct semver version;
    struct range range;
    struct range policy_range;
    struct placement_question placement;
};

/* Reads the request's names, version and range, and lets placement_combine complete and judge it with the policy in
 * force. INVALID_ARGUMENT names field, text and rule. Pure. */
QVT_MUST_CHECK qvt_status find_question_read(struct find_question *out, const struct registry *registry,
                                             const Quark__Version__V1__FindCompatibleSilosRequest *request,
                                             qvt_error *error);

#endif
