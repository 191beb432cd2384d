#include "cli/duration.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t ms;
} units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool apply(uint64_t millis_of_unit, const char *unit, uint32_t *out_ms)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].name, unit) == 0) {
            uint64_t ms = millis_of_unit * units[i].ms / 1000;
            *out_ms = (uint32_t)ms;
            return ms <= UINT32_MAX;
        }
    }
    return false;
}

bool duration_parse(const char *text, uint32_t *out_ms)
{
    uint64_t whole = 0, fraction = 0, scale = 1000;
    if (!is_digit(*text)) {
        return false;
    }
    for (; is_digit(*text); text++) {
        whole = whole * 10 + (uint64_t)(*text - '0');
        if (whole > UINT32_MAX) {
            return false;
        }
    }
    if (*text == '.') {
        if (!is_digit(*++text)) {
            return false;
        }
        for (; is_digit(*text); text++) {
            scale /= 10;
            fraction += (uint64_t)(*text - '0') * scale;
        }
    }
    return apply(whole * 1000 + fraction, text, out_ms);
}
