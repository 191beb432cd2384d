#include "server/service/find_question.h"

#include "base/check.h"

typedef Quark__Version__V1__FindCompatibleSilosRequest find_request;

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

static qvt_status read_range(struct find_question *out, const find_request *request, qvt_error *error)
{
    const char *why = NULL;
    if (request->range[0] == '\0') {
        return QVT_OK;
    }
    if (range_parse(&out->range, qvt_slice_text(request->range), &why) != QVT_OK) {
        return qvt_error_field(error, "range", "range \"%s\": %s", request->range, why);
    }
    out->placement.range = &out->range;
    return QVT_OK;
}

/* A policy's range was checked when it was set. */
static void read_policy(struct find_question *out, struct placement_policy *policy, const struct registry *registry,
                        qvt_slice actor_type)
{
    const char *why = NULL;
    struct placement_rules rules;
    (void)registry_policy_for(registry, actor_type, &rules);
    policy->mode = rules.mode;
    policy->selector = rules.selector;
    if (rules.range.len > 0 && range_parse(&out->policy_range, rules.range, &why) == QVT_OK) {
        policy->range = &out->policy_range;
    }
}

/* Numbers that this tracker has no name for, which placement would refuse without saying which, and what RAMP lacks. */
static qvt_status check_choices(const find_request *request, qvt_error *error)
{
    int mode = (int)request->mode;
    int selector = (int)request->selector;
    if (mode < PLACEMENT_MODE_UNSPECIFIED || mode > PLACEMENT_RANGE) {
        return qvt_error_field(error, "mode", "mode %d: a mode is STRICT, PATCH, MINOR, MAJOR, BACKWARD or RANGE",
                               mode);
    }
    if (selector < PLACEMENT_SELECTOR_UNSPECIFIED || selector > PLACEMENT_RAMP) {
        return qvt_error_field(error, "selector", "selector %d: a selector is ALL, LATEST, MINIMUM, CLOSEST or RAMP",
                               selector);
    }
    if (selector == PLACEMENT_RAMP && request->actor_id[0] == '\0') {
        return qvt_error_field(error, "actor_id", "actor_id is missing: the selector RAMP needs one");
    }
    return QVT_OK;
}

qvt_status find_question_read(struct find_question *out, const struct registry *registry, const find_request *request,
                              qvt_error *error)
{
    const char *field = NULL;
    const char *why = NULL;
    struct placement_policy policy = {0};
    qvt_slice actor_type = qvt_slice_text(request->actor_type);
    out->placement = (struct placement_question){
        .mode = (enum placement_mode)request->mode,
        .selector = (enum placement_selector)request->selector,
        .limit = request->limit,
        .has_fingerprint = request->_contract_fingerprint_case !=
                           QUARK__VERSION__V1__FIND_COMPATIBLE_SILOS_REQUEST___CONTRACT_FINGERPRINT__NOT_SET,
    };
    out->placement.fingerprint = out->placement.has_fingerprint ? request->contract_fingerprint : 0;
    QVT_TRY(validate_actor_type(actor_type, "actor_type", error));
    QVT_TRY(check_choices(request, error));
    QVT_TRY(read_version(out, request, error));
    QVT_TRY(read_range(out, request, error));
    read_policy(out, &policy, registry, actor_type);
    if (placement_combine(&out->placement, &policy, &field, &why) != QVT_OK) {
        return qvt_error_field(error, field, "%s: %s", field, why);
    }
    return QVT_OK;
}
