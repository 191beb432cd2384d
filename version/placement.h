/* Which silos can serve a request, best first: SPEC §4.10, §4.11 and §5 as one pure function that the server, the
 * library and the tools share. Same question, same candidates: same answer. */
#ifndef QVT_VERSION_PLACEMENT_H
#define QVT_VERSION_PLACEMENT_H

#include "version/range.h"
#include "version/semver.h"

/* The values equal those of the enums in the contract (proto/quark/version/v1). */
enum placement_mode {
    PLACEMENT_MODE_UNSPECIFIED,
    PLACEMENT_STRICT,
    PLACEMENT_PATCH,
    PLACEMENT_MINOR,
    PLACEMENT_MAJOR,
    PLACEMENT_BACKWARD,
    PLACEMENT_RANGE
};

enum placement_selector {
    PLACEMENT_SELECTOR_UNSPECIFIED,
    PLACEMENT_ALL,
    PLACEMENT_LATEST,
    PLACEMENT_MINIMUM,
    PLACEMENT_CLOSEST,
    PLACEMENT_RAMP
};

enum placement_status {
    PLACEMENT_STATUS_UNSPECIFIED,
    PLACEMENT_JOINING,
    PLACEMENT_ACTIVE,
    PLACEMENT_SHUTTING_DOWN,
    PLACEMENT_DEAD
};

enum placement_scheduling {
    PLACEMENT_SCHEDULING_UNSPECIFIED,
    PLACEMENT_SCHEDULABLE,
    PLACEMENT_STAGED,
    PLACEMENT_CORDONED,
    PLACEMENT_DRAINING
};

/* Why an answer is empty (SPEC §4.11). */
enum placement_empty {
    PLACEMENT_EMPTY_UNSPECIFIED, /* it is not */
    PLACEMENT_UNKNOWN_TYPE,
    PLACEMENT_NO_COMPATIBLE_VERSION,
    PLACEMENT_ALL_DRAINING,
    PLACEMENT_ALL_STAGED,
    PLACEMENT_ALL_DEAD,
    PLACEMENT_NONE_ELIGIBLE
};

/* The one rule that dropped a silo (SPEC §4.11). */
enum placement_drop {
    PLACEMENT_DROP_UNSPECIFIED, /* kept */
    PLACEMENT_DROP_NOT_ACTIVE,  /* JOINING or SHUTTING_DOWN */
    PLACEMENT_DROP_DEAD,
    PLACEMENT_DROP_STAGED,
    PLACEMENT_DROP_CORDONED,
    PLACEMENT_DROP_DRAINING,
    PLACEMENT_DROP_VERSION,     /* the mode or range does not accept its version */
    PLACEMENT_DROP_PRERELEASE,  /* SPEC §5.1 */
    PLACEMENT_DROP_FINGERPRINT, /* equal version, another contract fingerprint, STRICT */
    PLACEMENT_DROP_SELECTOR,    /* compatible, but not of the selected version */
    PLACEMENT_DROP_LIMIT        /* cut by the request's limit */
};

/* One silo that has the actor type. Everything borrowed. */
struct placement_candidate {
    qvt_slice silo_id;
    const struct semver *version;
    uint64_t fingerprint;
    uint64_t epoch; /* of (type, version): that of the newest rollout naming it as target, else 0 (SPEC §5.3) */
    bool has_fingerprint;
    bool suspect;
    bool unhealthy;
    enum placement_status status;
    enum placement_scheduling scheduling;
};

/* Request and policy, combined by placement_combine. Where SPEC §5 leaves room:
 * - a range without a version always applies; a range beside a version applies in mode RANGE, where the version still
 *   ranks the silos and opens staged ones; other modes do not look at it
 * - without a version and without a range no mode applies, and pre-releases are offered like any other version */
struct placement_question {
    const struct semver *version; /* NULL: none */
    const struct range *range;    /* NULL: none */
    uint64_t fingerprint;
    bool has_fingerprint;
    enum placement_mode mode;         /* UNSPECIFIED: RANGE when there is a range, else STRICT */
    enum placement_selector selector; /* UNSPECIFIED: ALL */
    uint32_t limit;                   /* 0: none */
    const struct semver *ramp_target; /* NULL: no ramp; names pre-releases of its numbers (SPEC §5.1) */
};

/* What the policies in force (version/placement_rules.h) say about a question; all zero: nothing. */
struct placement_policy {
    enum placement_mode mode;
    enum placement_selector selector;
    const struct range *range;        /* NULL: none */
    const struct semver *ramp_target; /* NULL: no ramp */
};

/* Fills what the request leaves open from the policy, then checks as placement_check. A range in the request asks for
 * the mode RANGE. The policy's mode serves requests with a version (SPEC §5.2: without one no mode applies), its range
 * the mode RANGE, its selector and its ramp all, but CLOSEST is ALL for a request without version. INVALID_ARGUMENT: as
 * placement_check. Pure. */
QVT_MUST_CHECK qvt_status placement_combine(struct placement_question *request, const struct placement_policy *policy,
                                            const char **field, const char **why);

/* The parts of a question that contradict each other: RANGE without range, CLOSEST without version, RAMP (which needs
 * rollouts) and values outside the enums. INVALID_ARGUMENT: *field is the request's field, *why the rule; both
 * static. Pure. */
QVT_MUST_CHECK qvt_status placement_check(const struct placement_question *question, const char **field,
                                          const char **why);

/* Answers a question that placement_check accepts. `order` and `drops` have room for `count` entries and belong to the
 * caller: on return the first *chosen entries of `order` are indexes into `candidates`, best first, and drops[i] says
 * which rule dropped candidate i. *empty says why nothing was chosen. Where SPEC §4.10, §4.11 and §5 leave room:
 * - a silo both suspect and unhealthy ranks with the unhealthy ones
 * - LATEST, MINIMUM and CLOSEST keep every compatible silo of the best version, suspect ones too
 * - of several rules that drop a silo, the first of: dead, not active, scheduling, version, pre-release, fingerprint
 * - *empty looks at silos of a compatible version only, and at dead ones only when there are no others; where every silo
 *   is dead it says so, whatever their versions; a silo that drains counts as draining also once it shuts down
 * Pure; allocates nothing; O(count · log chosen), O(count) when the candidates come best first. */
void placement_answer(const struct placement_question *question, const struct placement_candidate *candidates,
                      uint32_t count, uint32_t *order, enum placement_drop *drops, uint32_t *chosen,
                      enum placement_empty *empty);

#endif
