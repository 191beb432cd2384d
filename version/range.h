/* Ranges with the grammar and results of node-semver, not loose, includePrerelease off (SPEC §5 RANGE). */
#ifndef QVT_VERSION_RANGE_H
#define QVT_VERSION_RANGE_H

#include "version/semver.h"

#define RANGE_TEXT_MAX 256u
#define RANGE_COMPARATOR_MAX 32u

enum range_relation { RANGE_EQUAL, RANGE_LESS, RANGE_LESS_EQUAL, RANGE_GREATER, RANGE_GREATER_EQUAL, RANGE_ANY };

struct range_comparator {
    enum range_relation relation;
    struct semver version;
    bool starts_alternative; /* the first comparator after the beginning or a `||` */
};

/* A disjunction of conjunctions, flattened; borrows from the parsed text. Invariant: at least one comparator, and the
 * first one starts an alternative. */
struct range {
    struct range_comparator comparator[RANGE_COMPARATOR_MAX];
    unsigned comparator_count;
};

/* Parses `a || b`, `1.2 - 2`, `1.x`, `~1.2`, `^0.3`, `>=1 <3` and so on; the empty text is `*`. A leading 'v', and blanks
 * after an operator, are accepted where node-semver accepts them. Ours: a fourth number after an explicit = < > <= >=.
 * As in node-semver, an alternative that accepts everything makes the whole range `*`, which offers no pre-release.
 * Stricter than node-semver: only ASCII blanks, build metadata only after a version and once, no '*' glued to something
 * else, parts (and a part plus one where an upper bound needs it) of at most 2^32-1, at most 32 comparators.
 * INVALID_ARGUMENT: *why is a static sentence that names the rule. Pure. */
QVT_MUST_CHECK qvt_status range_parse(struct range *out, qvt_slice text, const char **why);

/* Whether the version satisfies the range, pre-releases as SPEC §5.1: some comparator of the alternative that accepts
 * it must name a pre-release of the same four numbers. Pure. */
bool range_contains(const struct range *range, const struct semver *version);

/* Whether the version is within the bounds of some alternative, the rule for pre-releases left out: tells a version
 * that is out of range from a pre-release that nobody asked for. Pure. */
bool range_covers(const struct range *range, const struct semver *version);

#endif
