#include "version/scan.h"

#include "base/check.h"

qvt_status scan_refuse(const char **why, const char *rule)
{
    *why = rule;
    return QVT_INVALID_ARGUMENT;
}

qvt_status scan_number(struct scan *scan, uint32_t *out, const char **why)
{
    if (!scan_at_digit(scan)) {
        return scan_refuse(why, "a numeric part must consist of digits");
    }
    bool zero_first = scan_peek(scan) == '0';
    size_t start = scan->at;
    uint64_t value = 0;
    while (scan_at_digit(scan)) {
        value = value * 10 + (uint64_t)(scan_peek(scan) - '0');
        if (value > UINT32_MAX) {
            return scan_refuse(why, "a numeric part must not exceed 4294967295");
        }
        scan->at++;
    }
    if (zero_first && scan->at - start > 1) {
        return scan_refuse(why, "a numeric part must not have leading zeros");
    }
    *out = (uint32_t)value;
    return QVT_OK;
}

static bool is_identifier_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
}

static qvt_status identifier(struct scan *scan, bool is_prerelease, const char **why)
{
    size_t start = scan->at;
    bool numeric = true;
    while (is_identifier_character(scan_peek(scan))) {
        numeric = numeric && scan_at_digit(scan);
        scan->at++;
    }
    size_t len = scan->at - start;
    if (len == 0) {
        return scan_refuse(why, is_prerelease ? "a pre-release identifier must be one or more of [0-9A-Za-z-]"
                                              : "a build identifier must be one or more of [0-9A-Za-z-]");
    }
    if (is_prerelease && numeric && len > 1 && scan->text.data[start] == '0') {
        return scan_refuse(why, "a numeric pre-release identifier must not have leading zeros");
    }
    return QVT_OK;
}

qvt_status scan_prerelease(struct scan *scan, qvt_slice *out, const char **why)
{
    size_t start = scan->at;
    do {
        QVT_TRY(identifier(scan, true, why));
    } while (scan_take(scan, '.'));
    *out = qvt_slice_make(scan->text.data + start, scan->at - start);
    return QVT_OK;
}

qvt_status scan_build(struct scan *scan, const char **why)
{
    do {
        QVT_TRY(identifier(scan, false, why));
    } while (scan_take(scan, '.'));
    return QVT_OK;
}
