/* Whether one silo can serve a question, and if not, the one rule that says so. */
#ifndef QVT_VERSION_PLACEMENT_MATCH_H
#define QVT_VERSION_PLACEMENT_MATCH_H

#include "version/placement.h"

/* The mode that decides, UNSPECIFIED when none applies. */
enum placement_mode placement_match_mode(const struct placement_question *question);

/* Status and scheduling (SPEC §4.10); PLACEMENT_DROP_UNSPECIFIED: eligible. */
enum placement_drop placement_match_eligible(const struct placement_question *question,
                                             const struct placement_candidate *candidate);

/* Version, pre-release and fingerprint (SPEC §5) under the mode; PLACEMENT_DROP_UNSPECIFIED: compatible. */
enum placement_drop placement_match_version(const struct placement_question *question, enum placement_mode mode,
                                            const struct placement_candidate *candidate);

#endif
