/* Writes the Prometheus text exposition format, version 0.0.4. */
#ifndef QVT_SERVER_GATEWAY_PROMETHEUS_H
#define QVT_SERVER_GATEWAY_PROMETHEUS_H

#include "base/buf.h"
#include "base/histogram.h"

/* Start with {out, QVT_OK, NULL}. After a failure (NO_MEMORY) everything is a no-op: look at status once, at the end. */
struct prometheus {
    struct buf *out;
    qvt_status status;
    const char *name; /* of the family at hand */
};

enum prometheus_type { PROMETHEUS_COUNTER, PROMETHEUS_GAUGE, PROMETHEUS_HISTOGRAM };

/* Up to the entry whose name is NULL. Values are any UTF-8. */
struct prometheus_label {
    const char *name;
    const char *value;
};
#define PROMETHEUS_LABELS(...)                                                                                         \
    (const struct prometheus_label[])                                                                                  \
    {                                                                                                                  \
        __VA_ARGS__,                                                                                                   \
        {                                                                                                              \
            NULL, NULL                                                                                                 \
        }                                                                                                              \
    }

/* Begins a family: HELP and TYPE. All its samples follow before the next one. name and help are static. */
void prometheus_family(struct prometheus *prometheus, const char *name, enum prometheus_type type, const char *help);

/* One sample of the family; labels may be NULL. A time is written in seconds. */
void prometheus_uint(struct prometheus *prometheus, const struct prometheus_label *labels, uint64_t value);
void prometheus_time_us(struct prometheus *prometheus, const struct prometheus_label *labels, uint64_t us);

/* Buckets, sum and count; a scale of times is written in seconds. */
void prometheus_histogram(struct prometheus *prometheus, const struct prometheus_label *labels,
                          const struct histogram *histogram, const struct histogram_scale *scale);

#endif
