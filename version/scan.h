/* A cursor over the text of a version or a range, and the pieces both grammars share (semver.org §2, §9, §10). */
#ifndef QVT_VERSION_SCAN_H
#define QVT_VERSION_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/slice.h"
#include "qvt/status.h"

/* Invariant: at <= text.len. */
struct scan {
    qvt_slice text;
    size_t at;
};

/* The next character; NUL at the end, which no grammar accepts inside. */
static inline char scan_peek(const struct scan *scan)
{
    return scan->at < scan->text.len ? (char)scan->text.data[scan->at] : '\0';
}

static inline bool scan_at_end(const struct scan *scan)
{
    return scan->at == scan->text.len;
}

/* Steps over the character if it is next. */
static inline bool scan_take(struct scan *scan, char expected)
{
    if (scan_at_end(scan) || scan_peek(scan) != expected) {
        return false;
    }
    scan->at++;
    return true;
}

static inline bool scan_at_digit(const struct scan *scan)
{
    return scan_peek(scan) >= '0' && scan_peek(scan) <= '9';
}

/* Sets *why to the static rule and returns INVALID_ARGUMENT. */
QVT_MUST_CHECK qvt_status scan_refuse(const char **why, const char *rule);

/* A decimal number without leading zeros, at most 2^32-1. */
QVT_MUST_CHECK qvt_status scan_number(struct scan *scan, uint32_t *out, const char **why);

/* Dot-separated identifiers of [0-9A-Za-z-], as they follow '-' in a version; *out borrows from the text. Numeric
 * ones have no leading zeros. */
QVT_MUST_CHECK qvt_status scan_prerelease(struct scan *scan, qvt_slice *out, const char **why);

/* Dot-separated identifiers of [0-9A-Za-z-], as they follow '+' in a version. */
QVT_MUST_CHECK qvt_status scan_build(struct scan *scan, const char **why);

#endif
