/* A borrowed run of bytes: pointer and length, never owning, never NUL-terminated by promise. */
#ifndef QVT_SLICE_H
#define QVT_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qvt_slice {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;
} qvt_slice;

/* These bytes, borrowed. */
static inline qvt_slice qvt_slice_make(const void *data, size_t len)
{
    qvt_slice slice;
    slice.data = (const uint8_t *)data;
    slice.len = len;
    return slice;
}

/* The bytes of a NUL-terminated string without the NUL; NULL gives the empty slice. */
static inline qvt_slice qvt_slice_text(const char *text)
{
    return qvt_slice_make(text, text == NULL ? 0 : strlen(text));
}

/* Whether the bytes are the same. */
static inline bool qvt_slice_equal(qvt_slice a, qvt_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Byte order, the shorter first when one is a prefix of the other: < 0, 0 or > 0. */
static inline int qvt_slice_compare(qvt_slice a, qvt_slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len ? 1 : 0;
}

/* Whether the slice begins with the bytes of the prefix; every one begins with the empty one. */
static inline bool qvt_slice_starts_with(qvt_slice slice, qvt_slice prefix)
{
    return slice.len >= prefix.len && (prefix.len == 0 || memcmp(slice.data, prefix.data, prefix.len) == 0);
}

#ifdef __cplusplus
}
#endif

#endif
