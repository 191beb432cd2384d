#include "version/placement.h"

#include "version/placement_match.h"
#include "version/placement_order.h"

static qvt_status refuse(const char **field, const char **why, const char *at, const char *rule)
{
    *field = at;
    *why = rule;
    return QVT_INVALID_ARGUMENT;
}

qvt_status placement_check(const struct placement_question *question, const char **field, const char **why)
{
    if (question->mode > PLACEMENT_RANGE) {
        return refuse(field, why, "mode", "the mode is none of this tracker's");
    }
    if (question->selector > PLACEMENT_RAMP) {
        return refuse(field, why, "selector", "the selector is none of this tracker's");
    }
    if (question->mode == PLACEMENT_RANGE && question->range == NULL) {
        return refuse(field, why, "range", "the mode RANGE needs a range in the request or the policy");
    }
    if (question->selector == PLACEMENT_CLOSEST && question->version == NULL) {
        return refuse(field, why, "version", "the selector CLOSEST needs a version");
    }
    if (question->selector == PLACEMENT_RAMP) {
        return refuse(field, why, "selector", "the selector RAMP needs rollouts, which this tracker does not have");
    }
    return QVT_OK;
}

qvt_status placement_combine(struct placement_question *request, const struct placement_policy *policy,
                             const char **field, const char **why)
{
    bool ranged = request->range != NULL;
    if (ranged && request->mode != PLACEMENT_MODE_UNSPECIFIED && request->mode != PLACEMENT_RANGE) {
        return refuse(field, why, "range", "a range needs the mode RANGE");
    }
    if (ranged) {
        request->mode = PLACEMENT_RANGE;
    }
    if (request->mode == PLACEMENT_MODE_UNSPECIFIED && request->version != NULL) {
        request->mode = policy->mode;
    }
    if (request->mode == PLACEMENT_RANGE && !ranged) {
        request->range = policy->range;
    }
    request->ramp_target = policy->ramp_target;
    if (request->selector == PLACEMENT_SELECTOR_UNSPECIFIED) {
        bool lacks_version = policy->selector == PLACEMENT_CLOSEST && request->version == NULL;
        request->selector = lacks_version ? PLACEMENT_ALL : policy->selector;
    }
    return placement_check(request, field, why);
}

/* SPEC §5.3: the best version among silos not suspect, or among all when every one is. */
static const struct placement_candidate *select_best(const struct placement_order *rule, const uint32_t *order,
                                                     uint32_t count)
{
    const struct placement_candidate *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const struct placement_candidate *candidate = &rule->candidates[order[i]];
        if (best != NULL && best->suspect != candidate->suspect) {
            best = best->suspect ? candidate : best;
        } else if (best == NULL || placement_order_versions(rule, candidate, best) < 0) {
            best = candidate;
        }
    }
    return best;
}

/* Keeps only silos of the selected version; returns how many. */
static uint32_t keep_selected(const struct placement_order *rule, uint32_t *order, uint32_t count,
                              enum placement_drop *drops)
{
    bool selects = rule->selector == PLACEMENT_LATEST || rule->selector == PLACEMENT_MINIMUM ||
                   rule->selector == PLACEMENT_CLOSEST;
    if (!selects || count == 0) {
        return count;
    }
    const struct placement_candidate *best = select_best(rule, order, count);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (semver_compare(rule->candidates[order[i]].version, best->version) == 0) {
            order[kept++] = order[i];
        } else {
            drops[order[i]] = PLACEMENT_DROP_SELECTOR;
        }
    }
    return kept;
}

static bool is_every_one_dead(const struct placement_candidate *candidates, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (candidates[i].status != PLACEMENT_DEAD) {
            return false;
        }
    }
    return true;
}

/* SPEC §4.11. Only silos of a compatible version count, unless every silo is dead and no version was looked at; dead ones
 * only when there are no others, because their records stay for days. */
static enum placement_empty explain_empty(const struct placement_question *question, enum placement_mode mode,
                                          const struct placement_candidate *candidates, uint32_t count)
{
    uint32_t dead = 0;
    uint32_t live = 0;
    uint32_t draining = 0;
    uint32_t staged = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (placement_match_version(question, mode, &candidates[i]) != PLACEMENT_DROP_UNSPECIFIED) {
            continue;
        }
        if (candidates[i].status == PLACEMENT_DEAD) {
            dead++;
            continue;
        }
        live++;
        draining += candidates[i].scheduling == PLACEMENT_DRAINING;
        staged += candidates[i].status == PLACEMENT_ACTIVE && candidates[i].scheduling == PLACEMENT_STAGED;
    }
    if (live == 0) {
        bool gone = dead > 0 || is_every_one_dead(candidates, count);
        return gone ? PLACEMENT_ALL_DEAD : PLACEMENT_NO_COMPATIBLE_VERSION;
    }
    return draining == live ? PLACEMENT_ALL_DRAINING : staged == live ? PLACEMENT_ALL_STAGED : PLACEMENT_NONE_ELIGIBLE;
}

void placement_answer(const struct placement_question *question, const struct placement_candidate *candidates,
                      uint32_t count, uint32_t *order, enum placement_drop *drops, uint32_t *chosen,
                      enum placement_empty *empty)
{
    const enum placement_mode mode = placement_match_mode(question);
    const struct placement_order rule = {candidates, question->version, question->selector};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        drops[i] = placement_match_eligible(question, &candidates[i]);
        if (drops[i] == PLACEMENT_DROP_UNSPECIFIED) {
            drops[i] = placement_match_version(question, mode, &candidates[i]);
        }
        if (drops[i] == PLACEMENT_DROP_UNSPECIFIED) {
            order[kept++] = i;
        }
    }
    kept = keep_selected(&rule, order, kept, drops);
    *chosen = question->limit > 0 && question->limit < kept ? question->limit : kept;
    placement_order_best(&rule, order, kept, *chosen);
    for (uint32_t i = *chosen; i < kept; i++) {
        drops[order[i]] = PLACEMENT_DROP_LIMIT;
    }
    *empty = PLACEMENT_EMPTY_UNSPECIFIED;
    if (*chosen == 0) {
        *empty = count == 0 ? PLACEMENT_UNKNOWN_TYPE : explain_empty(question, mode, candidates, count);
    }
}
