/* Which of two silos comes first (SPEC §4.10, §5.2, §5.3), and the best ones of many. */
#ifndef QVT_VERSION_PLACEMENT_ORDER_H
#define QVT_VERSION_PLACEMENT_ORDER_H

#include "version/placement.h"

struct placement_order {
    const struct placement_candidate *candidates;
    const struct semver *wanted; /* NULL: none */
    enum placement_selector selector;
};

/* By version alone: < 0 when x comes first, 0 for equal precedence (and epoch, for LATEST). */
int placement_order_versions(const struct placement_order *order, const struct placement_candidate *x,
                             const struct placement_candidate *y);

/* Moves the best `keep` of `count` indexes to the front, best first; the rest follows in no order. keep <= count. */
void placement_order_best(const struct placement_order *order, uint32_t *indexes, uint32_t count, uint32_t keep);

#endif
