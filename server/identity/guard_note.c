#include "server/identity/guard_private.h"

enum { LOG_INTERVAL_US = 1000 * 1000, FIELDS_MAX = 6 };

static const char *const NAMES[GUARD_REASONS] = {
    [GUARD_TOKEN_MISSING] = "TOKEN_MISSING",
    [GUARD_TOKEN_MALFORMED] = "TOKEN_MALFORMED",
    [GUARD_TOKEN_UNKNOWN] = "TOKEN_UNKNOWN",
    [GUARD_CERTIFICATE_UNKNOWN] = "CERTIFICATE_UNKNOWN",
    [GUARD_CREDENTIAL_REVOKED] = "CREDENTIAL_REVOKED",
    [GUARD_TOO_MANY_FAILURES] = "TOO_MANY_FAILURES",
    [GUARD_CLUSTER_NOT_ALLOWED] = "CLUSTER_NOT_ALLOWED",
    [GUARD_ROLE_TOO_LOW] = "ROLE_TOO_LOW",
    [GUARD_SILO_NOT_ALLOWED] = "SILO_NOT_ALLOWED",
    [GUARD_FIELD_NOT_ALLOWED] = "FIELD_NOT_ALLOWED",
};

const char *guard_reason_name(enum guard_reason reason)
{
    return NAMES[reason];
}

uint64_t guard_failures(const struct guard *guard, enum guard_reason reason)
{
    return guard->failures[reason];
}

void guard_count_reload(struct guard *guard, bool loaded)
{
    guard->reloads[loaded ? 1 : 0]++;
}

uint64_t guard_reloads(const struct guard *guard, bool loaded)
{
    return guard->reloads[loaded ? 1 : 0];
}

static unsigned put(struct log_field *fields, unsigned count, const char *key, const char *text)
{
    if (text != NULL) {
        fields[count++] = log_text(key, text);
    }
    return count;
}

/* What the caller showed is never among it: a mistyped secret is one still. */
static void write_line(struct guard *guard, const struct guard_fault *fault)
{
    struct log_field fields[FIELDS_MAX];
    unsigned count = put(fields, 0, "reason", NAMES[fault->reason]);
    count = put(fields, count, "credential", fault->credential);
    count = put(fields, count, "peer", fault->peer);
    count = put(fields, count, "method", fault->method);
    count = put(fields, count, "cluster", fault->cluster);
    fields[count++] = log_uint("unlogged", guard->unlogged);
    log_event(guard->options.log, LOG_WARN, "call refused", fields, count);
}

void guard_note(struct guard *guard, const struct guard_fault *fault)
{
    int64_t now_us = clock_monotonic_us(guard->options.clock);
    guard->failures[fault->reason]++;
    if (guard->logged_us != 0 && now_us - guard->logged_us < LOG_INTERVAL_US) {
        guard->unlogged++;
        return;
    }
    write_line(guard, fault);
    guard->logged_us = now_us;
    guard->unlogged = 0;
}
