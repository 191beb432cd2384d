#include "server/service/find_question.h"

qvt_status find_question_read(struct placement_asked *out, const struct registry *registry,
                              const Quark__Version__V1__FindCompatibleSilosRequest *request, qvt_error *error)
{
    struct placement_rules rules;
    const struct placement_request asked = {
        .actor_type = qvt_slice_text(request->actor_type),
        .version = qvt_slice_text(request->version),
        .range = qvt_slice_text(request->range),
        .actor_id = qvt_slice_text(request->actor_id),
        .has_fingerprint = request->_contract_fingerprint_case !=
                           QUARK__VERSION__V1__FIND_COMPATIBLE_SILOS_REQUEST___CONTRACT_FINGERPRINT__NOT_SET,
        .fingerprint = request->contract_fingerprint,
        .mode = (int)request->mode,
        .selector = (int)request->selector,
        .limit = request->limit,
    };
    (void)registry_policy_for(registry, asked.actor_type, &rules);
    return placement_request_read(out, &asked, &rules, error);
}
