/* The kinds of values a flag takes, and how their text is read. */
#ifndef QVT_SERVER_APP_FLAG_VALUE_H
#define QVT_SERVER_APP_FLAG_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "qvt/error.h"

enum flag_kind {
    FLAG_TEXT,     /* const char *, not empty */
    FLAG_COUNT,    /* uint64_t */
    FLAG_DURATION, /* uint64_t milliseconds: "500ms", "10s", "5m", "1h", "7d" */
    FLAG_SIZE,     /* uint64_t bytes: "512", "64KiB", "4MiB", "1GiB" */
    FLAG_CHOICE,   /* uint64_t index into choices */
    FLAG_SWITCH    /* uint64_t 0 or 1: "false" or "true"; a flag without a value is "true" */
};

/* One row of the table. The value lives at `offset` of struct settings. */
struct flag {
    const char *name; /* without the dashes; QVT_<NAME> with underscores is its variable */
    enum flag_kind kind;
    const char *fallback; /* the default, as a user would write it */
    const char *value;    /* what stands for the value in the help; "": a switch */
    const char *help;
    size_t offset;
    uint64_t min;
    uint64_t max;
    const char *const *choices; /* NULL-terminated; FLAG_CHOICE only */
};

/* Reads the text into the field at flag->offset of base. INVALID_ARGUMENT: the message says the value and the rule,
 * without the flag's name. */
QVT_MUST_CHECK qvt_status flag_read(const struct flag *flag, const char *text, void *base, qvt_error *error);

#endif
