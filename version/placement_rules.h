/* What the policies of a cluster come to for one actor type (SPEC §5.4): shared by the server and the library. */
#ifndef QVT_VERSION_PLACEMENT_RULES_H
#define QVT_VERSION_PLACEMENT_RULES_H

#include "version/placement.h"

#define PLACEMENT_MIN_READY_DEFAULT 2u

/* What one policy says; all zero: nothing. */
struct placement_rules {
    enum placement_mode mode;         /* UNSPECIFIED: not set */
    enum placement_selector selector; /* UNSPECIFIED: not set */
    qvt_slice range;                  /* as written, borrowed; empty: not set */
    uint32_t min_ready;
    bool has_min_ready;
    qvt_slice ramp_target; /* as written, borrowed; empty: no ramp */
    uint32_t ramp_basis_points;
};

/* The rules in force: each from the type's own policy, else from the cluster's default, else STRICT, ALL and min_ready 2;
 * NULL: no such policy. A policy that sets a range and no mode asks for the mode RANGE. Nothing is left unset but maybe
 * range and ramp. Pure. */
struct placement_rules placement_rules_in_force(const struct placement_rules *own,
                                                const struct placement_rules *cluster_default);

#endif
