/* Timestamp and Duration as proto3's JSON mapping writes them. */
#ifndef QVT_JSON_TIME_TEXT_H
#define QVT_JSON_TIME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIME_TEXT_MAX = 48 };

/* "2020-01-02T03:04:05.678Z" with 0, 3, 6 or 9 digits of a second. false outside the years 1 to 9999 or when nanos is not
 * 0 to 999999999. out holds TIME_TEXT_MAX bytes. */
bool time_text_write_timestamp(int64_t seconds, int32_t nanos, char *out);

/* RFC 3339 with `Z` or an offset, up to nine digits of a second, no leap second. false for anything else. */
bool time_text_read_timestamp(const char *text, int64_t *seconds, int32_t *nanos);

/* "-1.500s". false outside ±315576000000 s, or when the signs differ. */
bool time_text_write_duration(int64_t seconds, int32_t nanos, char *out);
bool time_text_read_duration(const char *text, int64_t *seconds, int32_t *nanos);

#endif
