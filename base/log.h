/* Structured logging through an injected sink: one line an event, key=value pairs, peer data escaped and cut. */
#ifndef QVT_BASE_LOG_H
#define QVT_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "qvt/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* Receives one finished line without line end; borrowed during the call. */
typedef void (*log_sink)(void *data, enum log_level level, qvt_slice line);

struct log {
    enum log_level level; /* events below are dropped */
    enum log_format format;
    log_sink sink; /* NULL: silent */
    void *data;
    const struct clock *clock; /* for the time of an event; NULL: none written */
};

struct log_field {
    const char *key;
    enum { LOG_FIELD_TEXT, LOG_FIELD_UINT, LOG_FIELD_INT } kind;
    qvt_slice text;
    uint64_t uint;
    int64_t sint;
};

static inline struct log_field log_text(const char *key, const char *value)
{
    return (struct log_field){key, LOG_FIELD_TEXT, qvt_slice_text(value), 0, 0};
}
static inline struct log_field log_slice(const char *key, qvt_slice value)
{
    return (struct log_field){key, LOG_FIELD_TEXT, value, 0, 0};
}
static inline struct log_field log_uint(const char *key, uint64_t value)
{
    return (struct log_field){key, LOG_FIELD_UINT, {NULL, 0}, value, 0};
}
static inline struct log_field log_int(const char *key, int64_t value)
{
    return (struct log_field){key, LOG_FIELD_INT, {NULL, 0}, 0, value};
}

/* Writes one event; `event` is a short fixed name such as "silo registered". log may be NULL. Values over 256 bytes
 * are cut, bytes outside printable UTF-8 escaped. Allocates nothing: a line over 2 KiB is cut. */
void log_event(const struct log *log, enum log_level level, const char *event, const struct log_field *fields,
               unsigned field_count);

/* log_write(log, LOG_INFO, "ready", log_text("grpc", address), log_uint("port", port)); at least one field. */
#define log_write(log, level, event, ...)                                                                              \
    log_event((log), (level), (event), (const struct log_field[]){__VA_ARGS__},                                        \
              (unsigned)(sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field)))

/* A sink that writes lines to the FILE in data. */
void log_sink_file(void *data, enum log_level level, qvt_slice line);

#endif
