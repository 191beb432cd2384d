#include "tests/fuzz/fuzz.h"

#include "base/check.h"
#include "version/range.h"

static void expect_sound(const struct range *range)
{
    QVT_ASSERT(range->comparator_count >= 1 && range->comparator_count <= RANGE_COMPARATOR_MAX);
    QVT_ASSERT(range->comparator[0].starts_alternative);
}

/* The bounds of a range are where its answers change, so ask about each of them and the release it belongs to. */
static void ask_at_bounds(const struct range *range)
{
    for (unsigned i = 0; i < range->comparator_count; i++) {
        struct semver version = range->comparator[i].version;
        bool covered = range_covers(range, &version);
        QVT_ASSERT(!range_contains(range, &version) || covered);
        version.prerelease = qvt_slice_make(NULL, 0);
        QVT_ASSERT(range_contains(range, &version) == range_covers(range, &version));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct range range;
    const char *why = NULL;
    if (range_parse(&range, qvt_slice_make(data, size), &why) != QVT_OK) {
        QVT_ASSERT(why != NULL);
        return 0;
    }
    expect_sound(&range);
    ask_at_bounds(&range);
    return 0;
}
