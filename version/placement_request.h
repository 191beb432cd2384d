/* A find as it was asked, completed by the rules in force and judged: the one way from a request to a question, for the
 * server and the library. */
#ifndef QVT_VERSION_PLACEMENT_REQUEST_H
#define QVT_VERSION_PLACEMENT_REQUEST_H

#include "qvt/error.h"
#include "version/placement.h"
#include "version/placement_rules.h"

/* Slices are borrowed; empty: not given. Mode and selector are numbers as they came. */
struct placement_request {
    qvt_slice actor_type;
    qvt_slice version;
    qvt_slice range;
    qvt_slice actor_id;
    uint64_t fingerprint;
    bool has_fingerprint;
    int mode;
    int selector;
    uint32_t limit;
};

/* question points into the other members, which borrow from request and rules: do not move. */
struct placement_asked {
    struct semver version;
    struct range range;
    struct range policy_range;
    struct semver ramp_target;
    struct placement_question question;
};

/* Reads names, version and range, and lets placement_combine complete and judge them. INVALID_ARGUMENT names field, text
 * and rule; error may be NULL. Pure. */
QVT_MUST_CHECK qvt_status placement_request_read(struct placement_asked *out, const struct placement_request *request,
                                                 const struct placement_rules *rules, qvt_error *error);

#endif
