#include "tests/fuzz/fuzz.h"

#include "base/check.h"
#include "version/semver.h"

static void expect_opposite(const struct semver *a, const struct semver *b)
{
    int forth = semver_compare(a, b);
    int back = semver_compare(b, a);
    QVT_ASSERT((forth < 0) == (back > 0) && (forth > 0) == (back < 0));
}

/* Two versions with a line end between: parsing says why or gives something that orders. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line_end = size == 0 ? NULL : memchr(data, '\n', size);
    size_t first_len = line_end == NULL ? size : (size_t)(line_end - data);
    size_t second_at = line_end == NULL ? size : first_len + 1;
    struct semver first;
    struct semver second;
    const char *why = NULL;
    if (semver_parse(&first, qvt_slice_make(data, first_len), &why) != QVT_OK) {
        QVT_ASSERT(why != NULL);
        return 0;
    }
    QVT_ASSERT(semver_compare(&first, &first) == 0 && semver_same_numbers(&first, &first));
    QVT_ASSERT(first.prerelease.len < SEMVER_TEXT_MAX);
    if (semver_parse(&second, qvt_slice_make(data + second_at, size - second_at), &why) == QVT_OK) {
        expect_opposite(&first, &second);
    }
    return 0;
}
