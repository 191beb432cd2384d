/* Versions: SemVer 2.0.0 plus the 1, 2 and 4 numeric parts of .NET (SPEC §3.7). */
#ifndef QVT_VERSION_SEMVER_H
#define QVT_VERSION_SEMVER_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/slice.h"
#include "qvt/status.h"

#define SEMVER_TEXT_MAX 128u

/* A parsed version. `prerelease` borrows from the parsed text and excludes the '-'; it is empty for a release. Build
 * metadata is checked and dropped, since it never orders. */
struct semver {
    uint32_t part[4];
    qvt_slice prerelease;
};

/* Parses the whole text: no blanks, no leading 'v'; a pre-release or build metadata may follow any number of parts.
 * INVALID_ARGUMENT: *why is then a static sentence that names the rule, such as
 * "a numeric part must not have leading zeros". Pure. */
QVT_MUST_CHECK qvt_status semver_parse(struct semver *out, qvt_slice text, const char **why);

/* SemVer precedence (semver.org §11), the fourth part compared after the third: < 0, 0, > 0. Numeric pre-release
 * identifiers may have any length. Pure. */
int semver_compare(const struct semver *a, const struct semver *b);

/* The same four numbers, whatever the pre-release. */
bool semver_same_numbers(const struct semver *a, const struct semver *b);

static inline bool semver_is_prerelease(const struct semver *version)
{
    return version->prerelease.len > 0;
}

#endif
