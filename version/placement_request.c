#include "version/placement_request.h"

#include "base/check.h"
#include "base/utf8.h"
#include "version/validate.h"

#define SHOW(slice) (int)utf8_cut((slice), 160), (const char *)(slice).data

static qvt_status read_version(struct placement_asked *out, qvt_slice text, qvt_error *error)
{
    const char *why = NULL;
    if (text.len == 0) {
        return QVT_OK;
    }
    if (semver_parse(&out->version, text, &why) != QVT_OK) {
        return qvt_error_field(error, "version", "version \"%.*s\": %s", SHOW(text), why);
    }
    out->question.version = &out->version;
    return QVT_OK;
}

static qvt_status read_range(struct placement_asked *out, qvt_slice text, qvt_error *error)
{
    const char *why = NULL;
    if (text.len == 0) {
        return QVT_OK;
    }
    if (range_parse(&out->range, text, &why) != QVT_OK) {
        return qvt_error_field(error, "range", "range \"%.*s\": %s", SHOW(text), why);
    }
    out->question.range = &out->range;
    return QVT_OK;
}

/* A policy's range and ramp were checked when it was set. */
static void read_policy(struct placement_asked *out, struct placement_policy *policy,
                        const struct placement_rules *rules)
{
    const char *why = NULL;
    *policy = (struct placement_policy){.mode = rules->mode, .selector = rules->selector};
    if (rules->range.len > 0 && range_parse(&out->policy_range, rules->range, &why) == QVT_OK) {
        policy->range = &out->policy_range;
    }
    if (rules->ramp_target.len > 0 && semver_parse(&out->ramp_target, rules->ramp_target, &why) == QVT_OK) {
        policy->ramp_target = &out->ramp_target;
    }
}

/* Numbers that this version has no name for, which placement would refuse without saying which, and what RAMP lacks. */
static qvt_status check_choices(const struct placement_request *request, qvt_error *error)
{
    if (request->mode < PLACEMENT_MODE_UNSPECIFIED || request->mode > PLACEMENT_RANGE) {
        return qvt_error_field(error, "mode", "mode %d: a mode is STRICT, PATCH, MINOR, MAJOR, BACKWARD or RANGE",
                               request->mode);
    }
    if (request->selector < PLACEMENT_SELECTOR_UNSPECIFIED || request->selector > PLACEMENT_RAMP) {
        return qvt_error_field(error, "selector", "selector %d: a selector is ALL, LATEST, MINIMUM, CLOSEST or RAMP",
                               request->selector);
    }
    if (request->selector == PLACEMENT_RAMP && request->actor_id.len == 0) {
        return qvt_error_field(error, "actor_id", "actor_id is missing: the selector RAMP needs one");
    }
    return QVT_OK;
}

qvt_status placement_request_read(struct placement_asked *out, const struct placement_request *request,
                                  const struct placement_rules *rules, qvt_error *error)
{
    const char *field = NULL;
    const char *why = NULL;
    struct placement_policy policy;
    QVT_TRY(validate_actor_type(request->actor_type, "actor_type", error));
    QVT_TRY(validate_actor_id(request->actor_id, "actor_id", error));
    QVT_TRY(check_choices(request, error));
    out->question = (struct placement_question){
        .mode = (enum placement_mode)request->mode,
        .selector = (enum placement_selector)request->selector,
        .limit = request->limit,
        .has_fingerprint = request->has_fingerprint,
        .fingerprint = request->has_fingerprint ? request->fingerprint : 0,
    };
    QVT_TRY(read_version(out, request->version, error));
    QVT_TRY(read_range(out, request->range, error));
    read_policy(out, &policy, rules);
    if (placement_combine(&out->question, &policy, &field, &why) != QVT_OK) {
        return qvt_error_field(error, field, "%s: %s", field, why);
    }
    return QVT_OK;
}
