#include <inttypes.h>

#include "base/check.h"
#include "server/registry/batch_state.h"
#include "server/registry/policy_fields.h"
#include "version/range.h"

#define RECORD_FIELD_POLICY 4u
#define BASIS_POINTS_MAX 10000u

typedef Quark__Version__V1__Policy policy_message;
typedef Quark__Version__V1__SetPolicyRequest set_request;
typedef Quark__Version__V1__DeletePolicyRequest delete_request;

static qvt_status validate_range(const char *text, qvt_error *error)
{
    struct range range;
    const char *why;
    qvt_slice slice = qvt_slice_text(text);
    if (slice.len == 0 || range_parse(&range, slice, &why) == QVT_OK) {
        return QVT_OK;
    }
    return qvt_error_field(error, "policy.range", "\"%.160s\" is no range: %s", text, why);
}

static qvt_status validate_ramp(const Quark__Version__V1__Ramp *ramp, qvt_error *error)
{
    struct semver target;
    const char *why;
    if (ramp == NULL) {
        return QVT_OK;
    }
    if (ramp->basis_points > BASIS_POINTS_MAX) {
        return qvt_error_field(error, "policy.ramp.basis_points", "%" PRIu32 ": 0 to %u", ramp->basis_points,
                               BASIS_POINTS_MAX);
    }
    if (semver_parse(&target, qvt_slice_text(ramp->target_version), &why) != QVT_OK) {
        return qvt_error_field(error, "policy.ramp.target_version", "\"%.128s\" is no version: %s",
                               ramp->target_version, why);
    }
    return QVT_OK;
}

static qvt_status validate_policy(const policy_message *policy, qvt_error *error)
{
    int mode = (int)policy->mode;
    int selector = (int)policy->selector;
    if (mode < PLACEMENT_MODE_UNSPECIFIED || mode > PLACEMENT_RANGE) {
        return qvt_error_field(error, "policy.mode", "%d: STRICT, PATCH, MINOR, MAJOR, BACKWARD or RANGE", mode);
    }
    if (selector < PLACEMENT_SELECTOR_UNSPECIFIED || selector > PLACEMENT_RAMP) {
        return qvt_error_field(error, "policy.selector", "%d: ALL, LATEST, MINIMUM, CLOSEST or RAMP", selector);
    }
    if (selector == PLACEMENT_RAMP) {
        return qvt_error_field(error, "policy.selector", "RAMP: this server has no rollouts to ramp");
    }
    QVT_TRY(validate_range(policy->range, error));
    return validate_ramp(policy->ramp, error);
}

static qvt_status pick_type(const set_request *request, qvt_slice *actor_type, qvt_error *error)
{
    if (request->policy == NULL) {
        return qvt_error_field(error, "policy", "missing");
    }
    qvt_slice outer = qvt_slice_text(request->actor_type);
    qvt_slice inner = qvt_slice_text(request->policy->actor_type);
    *actor_type = outer.len > 0 ? outer : inner;
    if (outer.len > 0 && inner.len > 0 && !qvt_slice_equal(outer, inner)) {
        return qvt_error_field(error, "policy.actor_type", "\"%.128s\": differs from actor_type \"%.128s\"",
                               request->policy->actor_type, request->actor_type);
    }
    return actor_type->len == 0 ? QVT_OK : validate_actor_type(*actor_type, "actor_type", error);
}

static qvt_status encode(const policy_message *asked, char *actor_type, uint64_t mod_revision, char *etag,
                         struct buf *out)
{
    policy_message policy = *asked;
    policy.base.n_unknown_fields = 0;
    policy.base.unknown_fields = NULL;
    policy.actor_type = actor_type;
    policy.mod_revision = mod_revision;
    policy.etag = etag;
    size_t len = protobuf_c_message_get_packed_size(&policy.base);
    QVT_TRY(buf_reserve(out, len));
    protobuf_c_message_pack(&policy.base, out->data + out->len);
    out->len += len;
    return QVT_OK;
}

static qvt_slice find_etag(const struct image *image)
{
    qvt_slice rest = image == NULL ? qvt_slice_make(NULL, 0) : image_value(image);
    qvt_slice etag = {NULL, 0};
    struct wire_field field;
    while (wire_next(&rest, &field)) {
        etag = field.number == POLICY_ETAG ? field.bytes : etag;
    }
    return etag;
}

static qvt_status put_policy(struct draft *draft, const set_request *request, qvt_slice key)
{
    struct buf value = BUF_INIT;
    char *actor_type = request->actor_type[0] != 0 ? request->actor_type : request->policy->actor_type;
    qvt_status status = encode(request->policy, actor_type, draft->change.position.revision, draft->etag, &value);
    if (status == QVT_OK) {
        status = draft_put(draft, RECORD_POLICY, RECORD_FIELD_POLICY, key, buf_slice(&value));
    }
    buf_deinit(&value);
    return status;
}

qvt_status propose_set_policy(struct draft *draft, const set_request *request, struct proposal *out)
{
    struct write_meta meta = {request->request_id, request->if_match, request->who, request->why};
    qvt_slice key;
    bool repeats;
    QVT_TRY(pick_type(request, &key, draft->error));
    QVT_TRY(validate_policy(request->policy, draft->error));
    QVT_TRY(draft_describe(draft, &meta));
    QVT_TRY(draft_repeats(draft, &meta, RECORD_POLICY, key, &repeats, out));
    if (repeats) {
        return QVT_OK;
    }
    struct image *image = batch_image(draft->batch, RECORD_POLICY, key);
    QVT_TRY(draft_match(draft, meta.if_match, find_etag(image)));
    QVT_TRY(put_policy(draft, request, key));
    if (image != NULL && draft_says_nothing(draft, image)) {
        draft_keep(draft, image, out);
        return QVT_OK;
    }
    return draft_commit(draft, CHANGE_POLICY_SET, out);
}

qvt_status propose_delete_policy(struct draft *draft, const delete_request *request, struct proposal *out)
{
    struct write_meta meta = {request->request_id, request->if_match, request->who, request->why};
    qvt_slice key = qvt_slice_text(request->actor_type);
    bool repeats;
    if (key.len > 0) {
        QVT_TRY(validate_actor_type(key, "actor_type", draft->error));
    }
    QVT_TRY(draft_describe(draft, &meta));
    QVT_TRY(draft_repeats(draft, &meta, RECORD_POLICY, key, &repeats, out));
    if (repeats) {
        return QVT_OK;
    }
    struct image *image = batch_image(draft->batch, RECORD_POLICY, key);
    if (image == NULL) {
        draft_keep(draft, NULL, out);
        return QVT_OK;
    }
    QVT_TRY(draft_match(draft, meta.if_match, find_etag(image)));
    QVT_TRY(draft_delete(draft, RECORD_POLICY, key));
    return draft_commit(draft, CHANGE_POLICY_DELETED, out);
}
