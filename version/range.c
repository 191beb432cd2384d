#include "version/range.h"

static bool accepts(const struct range_comparator *comparator, const struct semver *version)
{
    if (comparator->relation == RANGE_ANY) {
        return true;
    }
    int order = semver_compare(version, &comparator->version);
    switch (comparator->relation) {
    case RANGE_EQUAL: return order == 0;
    case RANGE_LESS: return order < 0;
    case RANGE_LESS_EQUAL: return order <= 0;
    case RANGE_GREATER: return order > 0;
    case RANGE_GREATER_EQUAL: return order >= 0;
    case RANGE_ANY: break;
    }
    return true;
}

static bool names_prerelease_of(const struct range_comparator *comparator, const struct semver *version)
{
    return comparator->relation != RANGE_ANY && semver_is_prerelease(&comparator->version) &&
           semver_same_numbers(&comparator->version, version);
}

/* Walks the alternatives: true when all comparators of one accept the version and, if asked for, one names it. */
static bool satisfies(const struct range *range, const struct semver *version, bool must_be_named)
{
    bool accepted = false;
    bool named = false;
    for (unsigned i = 0; i < range->comparator_count; i++) {
        const struct range_comparator *comparator = &range->comparator[i];
        if (comparator->starts_alternative) {
            if (accepted && named) {
                return true;
            }
            accepted = true;
            named = !must_be_named;
        }
        accepted = accepted && accepts(comparator, version);
        named = named || names_prerelease_of(comparator, version);
    }
    return accepted && named;
}

bool range_contains(const struct range *range, const struct semver *version)
{
    return satisfies(range, version, semver_is_prerelease(version));
}

bool range_covers(const struct range *range, const struct semver *version)
{
    return satisfies(range, version, false);
}
