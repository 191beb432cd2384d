#include "server/app/flag_value.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit DURATIONS[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit SIZES[] = {{"", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}, {NULL, 0}};
static const struct unit COUNTS[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum flag_kind kind)
{
    switch (kind) {
    case FLAG_DURATION: return DURATIONS;
    case FLAG_SIZE: return SIZES;
    default: return COUNTS;
    }
}

static const char *shape_of(enum flag_kind kind)
{
    switch (kind) {
    case FLAG_DURATION: return "a duration such as 500ms, 10s, 5m, 1h or 7d";
    case FLAG_SIZE: return "a size such as 512, 64KiB or 4MiB";
    default: return "a whole number";
    }
}

static bool parse_number(const char *text, const struct unit *units, uint64_t *out)
{
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (number > (UINT64_MAX - 9) / 10) {
            return false;
        }
        number = number * 10 + (uint64_t)(*at - '0');
    }
    if (at == text) {
        return false;
    }
    for (const struct unit *unit = units; unit->name != NULL; unit++) {
        if (strcmp(at, unit->name) == 0) {
            *out = number * unit->factor;
            return number <= UINT64_MAX / unit->factor;
        }
    }
    return false;
}

static void print_number(enum flag_kind kind, uint64_t number, char *out, size_t cap)
{
    const struct unit *best = units_of(kind);
    for (const struct unit *unit = best; unit->name != NULL; unit++) {
        if (number > 0 && number % unit->factor == 0) {
            best = unit;
        }
    }
    snprintf(out, cap, "%" PRIu64 "%s", number / best->factor, best->name);
}

static qvt_status read_number(const struct flag *flag, const char *text, uint64_t *out, qvt_error *error)
{
    uint64_t number = 0;
    if (!parse_number(text, units_of(flag->kind), &number)) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "\"%s\" is not %s", text, shape_of(flag->kind));
    }
    if (number < flag->min || number > flag->max) {
        char min[32];
        char max[32];
        print_number(flag->kind, flag->min, min, sizeof(min));
        print_number(flag->kind, flag->max, max, sizeof(max));
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "%s is not within %s and %s", text, min, max);
    }
    *out = number;
    return QVT_OK;
}

static qvt_status read_choice(const struct flag *flag, const char *text, uint64_t *out, qvt_error *error)
{
    char list[128] = "";
    for (uint64_t i = 0; flag->choices[i] != NULL; i++) {
        if (strcmp(text, flag->choices[i]) == 0) {
            *out = i;
            return QVT_OK;
        }
        size_t len = strlen(list);
        snprintf(list + len, sizeof(list) - len, "%s%s", i == 0 ? "" : ", ", flag->choices[i]);
    }
    return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "\"%s\" is none of %s", text, list);
}

static qvt_status read_switch(const char *text, uint64_t *out, qvt_error *error)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "\"%s\" is none of true, false", text);
    }
    *out = text[0] == 't' ? 1 : 0;
    return QVT_OK;
}

static qvt_status read_value(const struct flag *flag, const char *text, uint64_t *out, qvt_error *error)
{
    switch (flag->kind) {
    case FLAG_CHOICE: return read_choice(flag, text, out, error);
    case FLAG_SWITCH: return read_switch(text, out, error);
    default: return read_number(flag, text, out, error);
    }
}

qvt_status flag_read(const struct flag *flag, const char *text, void *base, qvt_error *error)
{
    void *field = (char *)base + flag->offset;
    if (flag->kind == FLAG_TEXT) {
        memcpy(field, &text, sizeof(text));
        return QVT_OK;
    }
    uint64_t number = 0;
    qvt_status status = read_value(flag, text, &number, error);
    if (status == QVT_OK) {
        memcpy(field, &number, sizeof(number));
    }
    return status;
}
