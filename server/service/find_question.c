#include "server/service/find_question.h"

#include "base/check.h"

typedef Quark__Version__V1__FindCompatibleSilosRequest find_request;

static qvt_status check_enums(const find_request *request, qvt_error *error)
{
    int mode = (int)request->mode;
    int selector = (int)request->selector;
    if (mode < 0 || mode > PLACEMENT_RANGE) {
        return qvt_error_field(error, "mode", "mode %d is no compatibility mode", mode);
    }
    if (selector < 0 || selector > PLACEMENT_RAMP) {
        return qvt_error_field(error, "selector", "selector %d is no selector", selector);
    }
    return QVT_OK;
}

static qvt_status read_version(struct find_question *out, const find_request *request, qvt_error *error)
{
    const char *why = NULL;
    if (request->version[0] == '\0') {
        return QVT_OK;
    }
    if (semver_parse(&out->version, qvt_slice_text(request->version), &why) != QVT_OK) {
        return qvt_error_field(error, "version", "version \"%s\": %s", request->version, why);
    }
    out->placement.version = &out->version;
    return QVT_OK;
}

static qvt_status read_range(struct find_question *out, qvt_slice text, qvt_error *error)
{
    const char *why = NULL;
    if (text.len == 0) {
        return QVT_OK;
    }
    if (range_parse(&out->range, text, &why) != QVT_OK) {
        return qvt_error_field(error, "range", "range \"%.*s\": %s", (int)text.len, (const char *)text.data, why);
    }
    out->placement.range = &out->range;
    return QVT_OK;
}

/* The mode that rules: the request's, RANGE for a request with nothing but a range, the policy's. */
static enum placement_mode choose_mode(const find_request *request, const struct registry_policy *policy)
{
    if (request->mode != 0) {
        return (enum placement_mode)request->mode;
    }
    if (request->range[0] != '\0') {
        return PLACEMENT_RANGE;
    }
    if (request->version[0] == '\0') {
        return PLACEMENT_MODE_UNSPECIFIED;
    }
    return policy == NULL ? PLACEMENT_MODE_UNSPECIFIED : policy->mode;
}

static void read_selector(struct find_question *out, const find_request *request, const struct registry_policy *policy)
{
    if (request->selector != 0) {
        out->placement.selector = (enum placement_selector)request->selector;
    } else if (policy != NULL) {
        out->placement.selector = policy->selector;
    }
}

qvt_status find_question_read(struct find_question *out, const struct registry *registry, const find_request *request,
                              qvt_error *error)
{
    const char *field = NULL;
    const char *why = NULL;
    qvt_slice actor_type = qvt_slice_text(request->actor_type);
    out->placement = (struct placement_question){.limit = request->limit};
    QVT_TRY(check_actor_type("actor_type", actor_type, error));
    QVT_TRY(check_enums(request, error));
    QVT_TRY(read_version(out, request, error));
    const struct registry_policy *policy = registry_policy_for(registry, actor_type);
    out->placement.mode = choose_mode(request, policy);
    qvt_slice range = qvt_slice_text(request->range);
    bool policy_range = range.len == 0 && out->placement.mode == PLACEMENT_RANGE && policy != NULL;
    QVT_TRY(read_range(out, policy_range ? policy->range : range, error));
    read_selector(out, request, policy);
    out->placement.has_fingerprint = request->_contract_fingerprint_case !=
                                     QUARK__VERSION__V1__FIND_COMPATIBLE_SILOS_REQUEST___CONTRACT_FINGERPRINT__NOT_SET;
    out->placement.fingerprint = out->placement.has_fingerprint ? request->contract_fingerprint : 0;
    if (placement_check(&out->placement, &field, &why) != QVT_OK) {
        return qvt_error_field(error, field, "%s: %s", field, why);
    }
    return QVT_OK;
}
