/* Immutable bytes shared by reference count, so that one encoding serves a record, the history and every watcher. */
#ifndef QVT_BLOB_H
#define QVT_BLOB_H

#include "qvt/slice.h"
#include "qvt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One thread at a time: the count is not atomic. */
typedef struct qvt_blob qvt_blob;

/* A blob of len bytes with one reference. *bytes is where to write them, before the blob is shared. NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_blob_new(qvt_blob **out, size_t len, uint8_t **bytes);

/* A copy of the slice, with one reference. NO_MEMORY. */
QVT_API QVT_MUST_CHECK qvt_status qvt_blob_copy(qvt_blob **out, qvt_slice slice);

QVT_API qvt_blob *qvt_blob_ref(qvt_blob *blob);

/* Drops one reference; the last one frees. NULL is fine. */
QVT_API void qvt_blob_unref(qvt_blob *blob);

/* Borrowed, valid while a reference is held. */
QVT_API qvt_slice qvt_blob_slice(const qvt_blob *blob);

/* A run of a message: copied when blob is NULL, shared when not; the bytes are part of the blob then. */
typedef struct qvt_blob_part {
    qvt_slice bytes;
    qvt_blob *blob;
} qvt_blob_part;

#ifdef __cplusplus
}
#endif

#endif
