#include "version/semver.h"

#include <string.h>

#include "base/check.h"
#include "version/scan.h"

static qvt_status read_parts(struct scan *scan, uint32_t part[4], const char **why)
{
    size_t count = 0;
    do {
        if (count == 4) {
            return scan_refuse(why, "a version has at most four numeric parts");
        }
        QVT_TRY(scan_number(scan, &part[count], why));
        count++;
    } while (scan_take(scan, '.'));
    return QVT_OK;
}

qvt_status semver_parse(struct semver *out, qvt_slice text, const char **why)
{
    if (text.len == 0) {
        return scan_refuse(why, "a version must not be empty");
    }
    if (text.len > SEMVER_TEXT_MAX) {
        return scan_refuse(why, "a version must not be longer than 128 bytes");
    }
    struct scan scan = {text, 0};
    struct semver version = {{0, 0, 0, 0}, {NULL, 0}};
    QVT_TRY(read_parts(&scan, version.part, why));
    if (scan_take(&scan, '-')) {
        QVT_TRY(scan_prerelease(&scan, &version.prerelease, why));
    }
    if (scan_take(&scan, '+')) {
        QVT_TRY(scan_build(&scan, why));
    }
    if (!scan_at_end(&scan)) {
        return scan_refuse(why, "a version is numbers, then optionally '-' and a pre-release, '+' and build metadata");
    }
    *out = version;
    return QVT_OK;
}

bool semver_same_numbers(const struct semver *a, const struct semver *b)
{
    return memcmp(a->part, b->part, sizeof(a->part)) == 0;
}

/* Splits the first identifier off the list. */
static qvt_slice take_identifier(qvt_slice *list)
{
    size_t len = 0;
    while (len < list->len && list->data[len] != '.') {
        len++;
    }
    qvt_slice first = qvt_slice_make(list->data, len);
    size_t skip = len < list->len ? len + 1 : len;
    *list = qvt_slice_make(list->data + skip, list->len - skip);
    return first;
}

static bool is_numeric(qvt_slice identifier)
{
    for (size_t i = 0; i < identifier.len; i++) {
        if (identifier.data[i] < '0' || identifier.data[i] > '9') {
            return false;
        }
    }
    return true;
}

/* semver.org §11.4.1 to §11.4.3. */
static int compare_identifiers(qvt_slice a, qvt_slice b)
{
    bool a_numeric = is_numeric(a);
    bool b_numeric = is_numeric(b);
    if (a_numeric != b_numeric) {
        return a_numeric ? -1 : 1;
    }
    /* Without leading zeros the longer number is the greater one. */
    if (a_numeric && a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    return qvt_slice_compare(a, b);
}

/* semver.org §11.3 and §11.4. */
static int compare_prereleases(qvt_slice a, qvt_slice b)
{
    if (a.len == 0 || b.len == 0) {
        return a.len == b.len ? 0 : a.len == 0 ? 1 : -1;
    }
    while (a.len > 0 && b.len > 0) {
        int order = compare_identifiers(take_identifier(&a), take_identifier(&b));
        if (order != 0) {
            return order;
        }
    }
    return a.len == b.len ? 0 : a.len == 0 ? -1 : 1;
}

int semver_compare(const struct semver *a, const struct semver *b)
{
    for (size_t i = 0; i < 4; i++) {
        if (a->part[i] != b->part[i]) {
            return a->part[i] < b->part[i] ? -1 : 1;
        }
    }
    if (a->prerelease.len == 0 && b->prerelease.len == 0) {
        return 0;
    }
    return compare_prereleases(a->prerelease, b->prerelease);
}
