#include "version/placement_rules.h"

static void inherit(struct placement_rules *rules, const struct placement_rules *from)
{
    if (rules->mode == PLACEMENT_MODE_UNSPECIFIED) {
        bool ranged = rules->range.len > 0 || (from->mode == PLACEMENT_MODE_UNSPECIFIED && from->range.len > 0);
        rules->mode = ranged ? PLACEMENT_RANGE : from->mode;
    }
    if (rules->selector == PLACEMENT_SELECTOR_UNSPECIFIED) {
        rules->selector = from->selector;
    }
    if (rules->range.len == 0) {
        rules->range = from->range;
    }
    if (!rules->has_min_ready) {
        rules->min_ready = from->min_ready;
        rules->has_min_ready = from->has_min_ready;
    }
    if (rules->ramp_target.len == 0) {
        rules->ramp_target = from->ramp_target;
        rules->ramp_basis_points = from->ramp_basis_points;
    }
}

struct placement_rules placement_rules_in_force(const struct placement_rules *own,
                                                const struct placement_rules *cluster_default)
{
    static const struct placement_rules built_in = {
        .mode = PLACEMENT_STRICT,
        .selector = PLACEMENT_ALL,
        .min_ready = PLACEMENT_MIN_READY_DEFAULT,
        .has_min_ready = true,
    };
    struct placement_rules rules = {.mode = PLACEMENT_MODE_UNSPECIFIED};
    if (own != NULL) {
        inherit(&rules, own);
    }
    if (cluster_default != NULL) {
        inherit(&rules, cluster_default);
    }
    inherit(&rules, &built_in);
    return rules;
}
