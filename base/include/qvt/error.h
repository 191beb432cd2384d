/* An error with everything a caller needs to act on it: code, machine-readable reason, sentence, facts. It travels
 * as google.rpc.Status with ErrorInfo, BadRequest and RetryInfo (SPEC §3.10). */
#ifndef QVT_ERROR_H
#define QVT_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QVT_ERROR_DOMAIN "quark.version.v1"
#define QVT_ERROR_MESSAGE_MAX 512
#define QVT_ERROR_FIELD_MAX 128
#define QVT_ERROR_FACT_MAX 4

/* A caller-owned value; nothing in it needs freeing. */
typedef struct qvt_error {
    qvt_status status;
    uint32_t retry_delay_ms;             /* > 0: RetryInfo */
    const char *reason;                  /* ErrorInfo.reason, static, such as "ETAG_MISMATCH"; NULL: no ErrorInfo */
    char field[QVT_ERROR_FIELD_MAX];     /* BadRequest field path, such as "silo.port"; "": none */
    char message[QVT_ERROR_MESSAGE_MAX]; /* UTF-8, NUL-terminated, cut at a character when too long */
    struct {
        const char *name; /* static */
        char value[160];
    } facts[QVT_ERROR_FACT_MAX]; /* ErrorInfo.metadata, such as etag */
    size_t fact_count;
} qvt_error;

/* Makes the error OK and empty. */
QVT_API void qvt_error_clear(qvt_error *error);

/* Sets status, reason (static or NULL) and the formatted message, clears the rest, and returns status, so that
 * `return qvt_error_set(error, …)` reads well. error may be NULL. Bytes that are not UTF-8 or not printable are
 * written as \xNN. Any thread, not the same error at once. */
QVT_API qvt_status qvt_error_set(qvt_error *error, qvt_status status, const char *reason, const char *format, ...)
    QVT_PRINTF(4, 5);

/* As qvt_error_set with INVALID_ARGUMENT and the field at fault; format says the offending value and the rule. */
QVT_API qvt_status qvt_error_field(qvt_error *error, const char *field, const char *format, ...) QVT_PRINTF(3, 4);

/* Adds a fact to ErrorInfo.metadata; name is static; a fifth fact is dropped. error may be NULL. */
QVT_API void qvt_error_fact(qvt_error *error, const char *name, const char *format, ...) QVT_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif
