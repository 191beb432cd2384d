#include "version/placement_match.h"

enum placement_mode placement_match_mode(const struct placement_question *question)
{
    if (question->version == NULL) {
        bool ranged = question->range != NULL;
        return ranged ? PLACEMENT_RANGE : PLACEMENT_MODE_UNSPECIFIED;
    }
    if (question->mode != PLACEMENT_MODE_UNSPECIFIED) {
        return question->mode;
    }
    return question->range != NULL ? PLACEMENT_RANGE : PLACEMENT_STRICT;
}

static bool is_exactly_asked(const struct placement_question *question, const struct placement_candidate *candidate)
{
    return question->version != NULL && semver_compare(question->version, candidate->version) == 0;
}

enum placement_drop placement_match_eligible(const struct placement_question *question,
                                             const struct placement_candidate *candidate)
{
    if (candidate->status == PLACEMENT_DEAD) {
        return PLACEMENT_DROP_DEAD;
    }
    if (candidate->status != PLACEMENT_ACTIVE) {
        return PLACEMENT_DROP_NOT_ACTIVE;
    }
    switch (candidate->scheduling) {
    case PLACEMENT_SCHEDULING_UNSPECIFIED:
    case PLACEMENT_SCHEDULABLE: return PLACEMENT_DROP_UNSPECIFIED;
    case PLACEMENT_STAGED:
        return is_exactly_asked(question, candidate) ? PLACEMENT_DROP_UNSPECIFIED : PLACEMENT_DROP_STAGED;
    case PLACEMENT_DRAINING: return PLACEMENT_DROP_DRAINING;
    case PLACEMENT_CORDONED: break;
    }
    return PLACEMENT_DROP_CORDONED;
}

/* SPEC §5.1: whether `named` is a pre-release of the same four numbers. */
static bool names(const struct semver *named, const struct semver *version)
{
    return named != NULL && semver_is_prerelease(named) && semver_same_numbers(named, version);
}

static bool is_unasked_prerelease(const struct placement_question *question, const struct semver *version)
{
    return semver_is_prerelease(version) && !names(question->version, version) &&
           !names(question->ramp_target, version);
}

static bool accepts(enum placement_mode mode, const struct semver *a, const struct semver *b)
{
    bool same_major = a->part[0] == b->part[0];
    switch (mode) {
    case PLACEMENT_PATCH: return same_major && a->part[1] == b->part[1];
    case PLACEMENT_MINOR: return same_major;
    case PLACEMENT_MAJOR: return true;
    case PLACEMENT_BACKWARD: return same_major && semver_compare(b, a) >= 0;
    case PLACEMENT_STRICT:
    case PLACEMENT_RANGE:
    case PLACEMENT_MODE_UNSPECIFIED: break;
    }
    return semver_compare(a, b) == 0;
}

static bool fingerprints_differ(const struct placement_question *question, const struct placement_candidate *candidate)
{
    return question->has_fingerprint && candidate->has_fingerprint && question->fingerprint != candidate->fingerprint;
}

static enum placement_drop match_range(const struct placement_question *question, const struct semver *version)
{
    if (range_contains(question->range, version)) {
        return PLACEMENT_DROP_UNSPECIFIED;
    }
    if (!range_covers(question->range, version)) {
        return PLACEMENT_DROP_VERSION;
    }
    return names(question->ramp_target, version) ? PLACEMENT_DROP_UNSPECIFIED : PLACEMENT_DROP_PRERELEASE;
}

enum placement_drop placement_match_version(const struct placement_question *question, enum placement_mode mode,
                                            const struct placement_candidate *candidate)
{
    if (mode == PLACEMENT_MODE_UNSPECIFIED) {
        return PLACEMENT_DROP_UNSPECIFIED;
    }
    if (mode == PLACEMENT_RANGE) {
        return match_range(question, candidate->version);
    }
    if (!accepts(mode, question->version, candidate->version)) {
        return PLACEMENT_DROP_VERSION;
    }
    if (is_unasked_prerelease(question, candidate->version)) {
        return PLACEMENT_DROP_PRERELEASE;
    }
    if (mode == PLACEMENT_STRICT && fingerprints_differ(question, candidate)) {
        return PLACEMENT_DROP_FINGERPRINT;
    }
    return PLACEMENT_DROP_UNSPECIFIED;
}
