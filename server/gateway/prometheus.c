#include "server/gateway/prometheus.h"

#include <inttypes.h>
#include <stdio.h>

enum { NUMBER_MAX = 32, US_A_SECOND = 1000000 };

static void put(struct prometheus *prometheus, const char *text)
{
    if (prometheus->status == QVT_OK) {
        prometheus->status = buf_append_text(prometheus->out, text);
    }
}

static void put_byte(struct prometheus *prometheus, char byte)
{
    if (prometheus->status == QVT_OK) {
        prometheus->status = buf_append_byte(prometheus->out, (uint8_t)byte);
    }
}

void prometheus_family(struct prometheus *prometheus, const char *name, enum prometheus_type type, const char *help)
{
    static const char *const TYPES[] = {"counter", "gauge", "histogram"};
    const char *const parts[] = {"# HELP ", name, " ", help, "\n# TYPE ", name, " ", TYPES[type], "\n"};
    prometheus->name = name;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        put(prometheus, parts[i]);
    }
}

static void put_value(struct prometheus *prometheus, const char *value)
{
    put_byte(prometheus, '"');
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\\' || *at == '"' || *at == '\n') {
            put_byte(prometheus, '\\');
        }
        put_byte(prometheus, *at == '\n' ? 'n' : *at);
    }
    put_byte(prometheus, '"');
}

/* `le` is the upper bound of a bucket, or NULL. */
static void put_sample(struct prometheus *prometheus, const char *suffix, const struct prometheus_label *labels,
                       const char *le, const char *number)
{
    char mark = '{';
    put(prometheus, prometheus->name);
    put(prometheus, suffix);
    for (const struct prometheus_label *label = labels; label != NULL && label->name != NULL; label++) {
        put_byte(prometheus, mark);
        put(prometheus, label->name);
        put_byte(prometheus, '=');
        put_value(prometheus, label->value);
        mark = ',';
    }
    if (le != NULL) {
        put_byte(prometheus, mark);
        put(prometheus, "le=");
        put_value(prometheus, le);
        mark = ',';
    }
    put(prometheus, mark == '{' ? " " : "} ");
    put(prometheus, number);
    put_byte(prometheus, '\n');
}

static void format_uint(char out[NUMBER_MAX], uint64_t value)
{
    snprintf(out, NUMBER_MAX, "%" PRIu64, value);
}

static void format_seconds(char out[NUMBER_MAX], uint64_t us)
{
    int len = snprintf(out, NUMBER_MAX, "%" PRIu64 ".%06" PRIu64, us / US_A_SECOND, us % US_A_SECOND);
    while (len > 0 && out[len - 1] == '0') {
        out[--len] = '\0';
    }
    if (len > 0 && out[len - 1] == '.') {
        out[len - 1] = '\0';
    }
}

void prometheus_uint(struct prometheus *prometheus, const struct prometheus_label *labels, uint64_t value)
{
    char number[NUMBER_MAX];
    format_uint(number, value);
    put_sample(prometheus, "", labels, NULL, number);
}

void prometheus_time_us(struct prometheus *prometheus, const struct prometheus_label *labels, uint64_t us)
{
    char number[NUMBER_MAX];
    format_seconds(number, us);
    put_sample(prometheus, "", labels, NULL, number);
}

void prometheus_histogram(struct prometheus *prometheus, const struct prometheus_label *labels,
                          const struct histogram *histogram, const struct histogram_scale *scale)
{
    void (*format)(char out[NUMBER_MAX], uint64_t value) = scale == &histogram_times_us ? format_seconds : format_uint;
    char bound[NUMBER_MAX];
    char number[NUMBER_MAX];
    uint64_t total = 0;
    for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
        total += histogram->counts[i];
        format(bound, scale->bounds[i]);
        format_uint(number, total);
        put_sample(prometheus, "_bucket", labels, bound, number);
    }
    format_uint(number, total + histogram->counts[HISTOGRAM_BOUNDS]);
    put_sample(prometheus, "_bucket", labels, "+Inf", number);
    put_sample(prometheus, "_count", labels, NULL, number);
    format(number, histogram->sum);
    put_sample(prometheus, "_sum", labels, NULL, number);
}
