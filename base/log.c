#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "qvt/status.h"

enum { LINE_MAX_BYTES = 2048, VALUE_MAX_BYTES = 256, TAIL_MAX_BYTES = 16 };

/* Room for the tail that says "cut" is kept free: writes stop at `limit` and set `full`. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
    size_t limit;
    bool full;
    enum log_format format;
};

static void put(struct line *line, const void *bytes, size_t len)
{
    if (line->full || len > line->limit - line->len) {
        line->full = true;
        return;
    }
    if (len == 0) {
        return;
    }
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void put_format(struct line *line, const char *format, ...) QVT_PRINTF(2, 3);

static void put_format(struct line *line, const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put(line, text, len > 0 && (size_t)len < sizeof(text) ? (size_t)len : 0);
}

/* In both formats a value between quotes escapes the quote and the backslash, which keeps \xNN unambiguous. */
static void put_quoted(struct line *line, qvt_slice value)
{
    put_text(line, "\"");
    while (value.len > 0) {
        size_t len = utf8_printable_len(value);
        if (len == 0) {
            put_format(line, line->format == LOG_JSON ? "\\\\x%02x" : "\\x%02x", value.data[0]);
            len = 1;
        } else {
            if (value.data[0] == '"' || value.data[0] == '\\') {
                put_text(line, "\\");
            }
            put(line, value.data, len);
        }
        value = qvt_slice_make(value.data + len, value.len - len);
    }
    put_text(line, "\"");
}

static bool needs_quotes(qvt_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.data[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '"' || byte == '\\' || byte == '=') {
            return true;
        }
    }
    return value.len == 0;
}

static void put_value(struct line *line, qvt_slice value)
{
    value.len = value.len == 0 ? 0 : utf8_cut(value, VALUE_MAX_BYTES);
    if (line->format == LOG_JSON || needs_quotes(value)) {
        put_quoted(line, value);
    } else {
        put(line, value.data, value.len);
    }
}

static void put_key(struct line *line, const char *key)
{
    if (line->format == LOG_JSON) {
        put_text(line, line->len == 0 ? "{\"" : ",\"");
        put_text(line, key);
        put_text(line, "\":");
        return;
    }
    put_text(line, line->len == 0 ? "" : " ");
    put_text(line, key);
    put_text(line, "=");
}

static void put_time(struct line *line, const struct clock *clock)
{
    int64_t wall = clock_wall_us(clock);
    time_t seconds = (time_t)(wall / 1000000);
    struct tm utc;
    char text[32];
    if (gmtime_r(&seconds, &utc) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
        return;
    }
    const char *quote = line->format == LOG_JSON ? "\"" : "";
    put_key(line, "time");
    put_format(line, "%s%s.%03dZ%s", quote, text, (int)(wall / 1000 % 1000), quote);
}

static void put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->len;
    put_key(line, field->key);
    switch (field->kind) {
    case LOG_FIELD_TEXT: put_value(line, field->text); break;
    case LOG_FIELD_UINT: put_format(line, "%" PRIu64, field->uint); break;
    case LOG_FIELD_INT: put_format(line, "%" PRId64, field->sint); break;
    }
    if (line->full) {
        line->len = before;
    }
}

static void put_tail(struct line *line)
{
    bool cut = line->full;
    line->limit = sizeof(line->text);
    line->full = false;
    if (cut) {
        put_key(line, "cut");
        put_text(line, "true");
    }
    if (line->format == LOG_JSON) {
        put_text(line, "}");
    }
}

void log_event(const struct log *log, enum log_level level, const char *event, const struct log_field *fields,
               unsigned field_count)
{
    static const char *const level_names[] = {"debug", "info", "warn", "error"};
    if (log == NULL || log->sink == NULL || level < log->level) {
        return;
    }
    struct line line;
    line.len = 0;
    line.limit = sizeof(line.text) - TAIL_MAX_BYTES;
    line.full = false;
    line.format = log->format;
    if (log->clock != NULL) {
        put_time(&line, log->clock);
    }
    put_field(&line, &(struct log_field){.key = "level", .text = qvt_slice_text(level_names[level])});
    put_field(&line, &(struct log_field){.key = "event", .text = qvt_slice_text(event)});
    for (unsigned i = 0; i < field_count && !line.full; i++) {
        put_field(&line, &fields[i]);
    }
    put_tail(&line);
    log->sink(log->data, level, qvt_slice_make(line.text, line.len));
}

void log_sink_file(void *data, enum log_level level, qvt_slice line)
{
    (void)level;
    FILE *file = data;
    (void)fprintf(file, "%.*s\n", (int)line.len, (const char *)line.data);
    (void)fflush(file);
}
