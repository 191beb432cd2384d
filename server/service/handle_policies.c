#include "server/service/current.h"
#include "server/service/handlers.h"

#include "base/check.h"
#include "server/registry/policy_fields.h"
#include "server/registry/wire.h"
#include "server/service/page.h"

static void encode_ramp(struct encoder *encoder, const struct placement_rules *rules)
{
    size_t mark = encode_begin(encoder);
    encode_bytes(encoder, RAMP_TARGET_VERSION, rules->ramp_target);
    encode_uint(encoder, RAMP_BASIS_POINTS, rules->ramp_basis_points);
    encode_end(encoder, POLICY_RAMP, mark);
}

/* Those of the rules in force that the policy does not set itself. */
static void encode_inherited(struct encoder *encoder, const struct placement_rules *set,
                             const struct placement_rules *rules)
{
    if (set->mode == PLACEMENT_MODE_UNSPECIFIED) {
        encode_uint(encoder, POLICY_MODE, rules->mode);
    }
    if (set->selector == PLACEMENT_SELECTOR_UNSPECIFIED) {
        encode_uint(encoder, POLICY_SELECTOR, rules->selector);
    }
    if (set->range.len == 0) {
        encode_bytes(encoder, POLICY_RANGE, rules->range);
    }
    if (set->ramp_target.len == 0 && rules->ramp_target.len > 0) {
        encode_ramp(encoder, rules);
    }
    if (!set->has_min_ready && encoder->status == QVT_OK) {
        encoder->status = wire_put_varint(encoder->out, POLICY_MIN_READY, rules->min_ready);
    }
}

static void encode_in_force(struct encoder *encoder, const struct registry *registry, qvt_slice actor_type)
{
    static const struct placement_rules nothing;
    struct placement_rules rules;
    const struct registry_policy *policy = registry_policy_for(registry, actor_type, &rules);
    size_t mark = encode_begin(encoder);
    if (policy != NULL) {
        encode_raw(encoder, image_value(policy->image));
    }
    encode_inherited(encoder, policy == NULL ? &nothing : &policy->rules, &rules);
    encode_end(encoder, ANSWER_BODY, mark);
}

static qvt_status check_type_or_default(const char *actor_type, qvt_error *error)
{
    return actor_type[0] == '\0' ? QVT_OK : validate_actor_type(qvt_slice_text(actor_type), "actor_type", error);
}

SERVICE_READ_HANDLER(handle_get_policy, GetPolicy)
{
    struct read read;
    qvt_error error;
    if (read_begin(&read, self, request->cluster, request->min_position, &error) != QVT_OK ||
        check_type_or_default(request->actor_type, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    encode_in_force(&read.encoder, read.registry, qvt_slice_text(request->actor_type));
    read_reply(&read, unary);
}

static bool list_one(struct read *read, struct page *page, const struct registry_policy *policy)
{
    size_t mark = encode_begin(&read->encoder);
    if (page->left > 0) {
        encode_message(&read->encoder, ANSWER_BODY, image_value(policy->image), qvt_slice_make(NULL, 0));
    }
    return page_takes(page, &read->encoder, mark);
}

/* The cluster's default comes first: its key is the empty one. */
static void list_policies(struct read *read, struct page *page, bool from_start)
{
    qvt_slice last = page->after;
    const struct registry_policy *policy = from_start ? registry_policy(read->registry, last) : NULL;
    if (policy != NULL) {
        (void)list_one(read, page, policy);
    }
    policy = registry_policy_after(read->registry, page->after);
    for (; policy != NULL && read->encoder.status == QVT_OK; policy = registry_policy_next(read->registry, policy)) {
        if (!list_one(read, page, policy)) {
            page_end(page, &read->encoder, last);
            return;
        }
        last = policy->actor_type;
    }
}

SERVICE_READ_HANDLER(handle_list_policies, ListPolicies)
{
    struct read read;
    struct page page;
    qvt_error error;
    uint64_t filters = page_fingerprint(request->cluster, 2);
    if (read_begin(&read, self, request->cluster, request->min_position, &error) != QVT_OK ||
        page_begin(&page, self, request->page_size, request->page_token, filters, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    list_policies(&read, &page, request->page_token[0] == '\0');
    read_reply(&read, unary);
}
