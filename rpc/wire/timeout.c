#include "rpc/wire/timeout.h"

#include <stdio.h>

enum { DIGITS_MAX = 8 };

static const struct unit {
    char letter;
    int64_t ns;
} units[] = {
    {'n', 1},
    {'u', 1000},
    {'m', 1000000},
    {'S', INT64_C(1000000000)},
    {'M', INT64_C(60000000000)},
    {'H', INT64_C(3600000000000)},
};

enum { UNIT_COUNT = sizeof(units) / sizeof(units[0]) };

static int64_t unit_ns(uint8_t letter)
{
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (units[i].letter == (char)letter) {
            return units[i].ns;
        }
    }
    return 0;
}

qvt_status timeout_parse(qvt_slice text, int64_t *out_ns)
{
    if (text.len < 2 || text.len > DIGITS_MAX + 1) {
        return QVT_INVALID_ARGUMENT;
    }
    int64_t value = 0;
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return QVT_INVALID_ARGUMENT;
        }
        value = value * 10 + (text.data[i] - '0');
    }
    int64_t unit = unit_ns(text.data[text.len - 1]);
    if (unit == 0) {
        return QVT_INVALID_ARGUMENT;
    }
    *out_ns = value > TIMEOUT_MAX_NS / unit ? TIMEOUT_MAX_NS : value * unit;
    return QVT_OK;
}

size_t timeout_format(int64_t timeout_ns, char out[TIMEOUT_TEXT_MAX])
{
    const int64_t limit = 100 * 1000 * 1000;
    size_t i = 0;
    /* The last unit always fits: 2^63 ns are 2.6 million hours. */
    while (i + 1 < UNIT_COUNT && timeout_ns > (limit - 1) * units[i].ns) {
        i++;
    }
    int64_t value = timeout_ns / units[i].ns + (timeout_ns % units[i].ns == 0 ? 0 : 1);
    int len = snprintf(out, TIMEOUT_TEXT_MAX, "%u%c", (unsigned)value, units[i].letter);
    return len < 0 ? 0 : (size_t)len;
}
