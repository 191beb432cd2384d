#include "version/placement_order.h"

/* SPEC §5.2: equal, else the least above, else the greatest below. */
static int compare_matches(const struct semver *wanted, const struct semver *x, const struct semver *y)
{
    int x_side = semver_compare(x, wanted);
    int y_side = semver_compare(y, wanted);
    if (x_side == 0 || y_side == 0) {
        return x_side == y_side ? 0 : x_side == 0 ? -1 : 1;
    }
    if ((x_side > 0) != (y_side > 0)) {
        return x_side > 0 ? -1 : 1;
    }
    return x_side > 0 ? semver_compare(x, y) : semver_compare(y, x);
}

int placement_order_versions(const struct placement_order *order, const struct placement_candidate *x,
                             const struct placement_candidate *y)
{
    if (order->selector == PLACEMENT_MINIMUM) {
        return semver_compare(x->version, y->version);
    }
    if (order->selector == PLACEMENT_LATEST) {
        if (x->epoch != y->epoch) {
            return x->epoch > y->epoch ? -1 : 1;
        }
        return semver_compare(y->version, x->version);
    }
    if (order->wanted == NULL) {
        return semver_compare(y->version, x->version);
    }
    return compare_matches(order->wanted, x->version, y->version);
}

static int health_rank(const struct placement_candidate *candidate)
{
    return candidate->unhealthy ? 2 : candidate->suspect ? 1 : 0;
}

static bool comes_first(const struct placement_order *order, uint32_t a, uint32_t b)
{
    const struct placement_candidate *x = &order->candidates[a];
    const struct placement_candidate *y = &order->candidates[b];
    int difference = health_rank(x) - health_rank(y);
    if (difference == 0) {
        difference = placement_order_versions(order, x, y);
    }
    if (difference == 0) {
        difference = qvt_slice_compare(x->silo_id, y->silo_id);
    }
    return difference < 0;
}

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t held = *a;
    *a = *b;
    *b = held;
}

/* Restores the heap, whose root is the worst entry, below `root`. */
static void sink(const struct placement_order *order, uint32_t *heap, uint32_t count, uint32_t root)
{
    for (;;) {
        uint32_t worst = root;
        for (uint64_t child = 2 * (uint64_t)root + 1; child <= 2 * (uint64_t)root + 2 && child < count; child++) {
            if (comes_first(order, heap[worst], heap[child])) {
                worst = (uint32_t)child;
            }
        }
        if (worst == root) {
            return;
        }
        swap(&heap[root], &heap[worst]);
        root = worst;
    }
}

static bool is_sorted(const struct placement_order *order, const uint32_t *indexes, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (comes_first(order, indexes[i], indexes[i - 1])) {
            return false;
        }
    }
    return true;
}

/* A heap sort: in place and without recursion, n log keep comparisons at most. An index that lists silos by version
 * and id often has them in order already, which one pass finds out. */
void placement_order_best(const struct placement_order *order, uint32_t *indexes, uint32_t count, uint32_t keep)
{
    if (keep == 0 || is_sorted(order, indexes, count)) {
        return;
    }
    for (uint32_t root = keep / 2; root > 0; root--) {
        sink(order, indexes, keep, root - 1);
    }
    for (uint32_t i = keep; i < count; i++) {
        if (comes_first(order, indexes[i], indexes[0])) {
            swap(&indexes[i], &indexes[0]);
            sink(order, indexes, keep, 0);
        }
    }
    for (uint32_t end = keep - 1; end > 0; end--) {
        swap(&indexes[0], &indexes[end]);
        sink(order, indexes, end, 0);
    }
}
