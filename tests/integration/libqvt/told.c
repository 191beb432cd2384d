#include "told.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void told_add(struct told *told, const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    int len = vsnprintf(told->data + told->len, sizeof told->data - told->len, format, rest);
    va_end(rest);
    if (len < 0 || (size_t)len >= sizeof told->data - told->len) {
        fprintf(stderr, "more text than %d bytes\n", TOLD_MAX);
        exit(2);
    }
    told->len += (size_t)len;
}

static void add_without_numbers(struct told *told, const char *message)
{
    for (const char *at = message; *at != '\0';) {
        size_t digits = strspn(at, "0123456789");
        if (digits >= 10) {
            told_add(told, "#");
            at += digits;
        } else {
            told_add(told, "%c", *at++);
        }
    }
}

void told_error(struct told *told, const qvt_error *error)
{
    const char *reason = error->reason != NULL ? error->reason : "-";
    told_add(told, "%s %s [%s] ", qvt_status_name(error->status), reason, error->field);
    add_without_numbers(told, error->message);
    for (size_t i = 0; i < error->fact_count; i++) {
        told_add(told, " %s", error->facts[i].name);
    }
}

void told_found(struct told *told, const qvt_find_result *result)
{
    for (size_t i = 0; i < qvt_find_result_count(result); i++) {
        const qvt_found_silo *silo = qvt_find_result_silo(result, i);
        told_add(told, " %s %s:%u %s %d%d", silo->silo_id, silo->address, (unsigned)silo->port, silo->version,
                 silo->suspect, silo->unhealthy);
    }
    told_add(told, " empty=%d", (int)qvt_find_result_empty_reason(result));
    for (size_t i = 0; i < qvt_find_result_dropped_count(result); i++) {
        const qvt_dropped_silo *silo = qvt_find_result_dropped(result, i);
        told_add(told, " dropped %s %s %d", silo->silo_id, silo->version, (int)silo->reason);
    }
}

bool told_equal(const struct told *a, const struct told *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}
