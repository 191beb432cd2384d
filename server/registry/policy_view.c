#include <stdlib.h>

#include "server/registry/policy_fields.h"
#include "server/registry/state.h"
#include "server/registry/wire.h"

static void read_ramp(struct placement_rules *rules, qvt_slice ramp)
{
    struct wire_field field;
    while (wire_next(&ramp, &field)) {
        if (field.number == RAMP_TARGET_VERSION) {
            rules->ramp_target = field.bytes;
        } else if (field.number == RAMP_BASIS_POINTS) {
            rules->ramp_basis_points = (uint32_t)field.value;
        }
    }
}

static void read_field(struct registry_policy *view, const struct wire_field *field)
{
    switch (field->number) {
    case POLICY_MODE: view->rules.mode = (enum placement_mode)field->value; break;
    case POLICY_SELECTOR: view->rules.selector = (enum placement_selector)field->value; break;
    case POLICY_RANGE: view->rules.range = field->bytes; break;
    case POLICY_RAMP: read_ramp(&view->rules, field->bytes); break;
    case POLICY_MIN_READY:
        view->rules.min_ready = (uint32_t)field->value;
        view->rules.has_min_ready = true;
        break;
    case POLICY_MOD_REVISION: view->mod_revision = field->value; break;
    case POLICY_ETAG: view->etag = field->bytes; break;
    default: break;
    }
}

qvt_status policy_new(struct policy **out, struct image *image)
{
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy == NULL) {
        return QVT_NO_MEMORY;
    }
    policy->view.image = image;
    policy->view.actor_type = image_key(image);
    qvt_slice rest = image_value(image);
    struct wire_field field;
    while (wire_next(&rest, &field)) {
        read_field(&policy->view, &field);
    }
    if (rest.len > 0) {
        free(policy);
        return QVT_DATA_LOSS;
    }
    *out = policy;
    return QVT_OK;
}

uint64_t setting_number(const struct image *image)
{
    qvt_slice rest = image_value(image);
    struct wire_field field;
    uint64_t number = 0;
    while (wire_next(&rest, &field)) {
        if (field.number == SETTING_NUMBER) {
            number = field.value;
        }
    }
    return number;
}
