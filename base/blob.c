#include "qvt/blob.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct qvt_blob {
    size_t references;
    size_t len;
    uint8_t bytes[];
};

qvt_status qvt_blob_new(qvt_blob **out, size_t len, uint8_t **bytes)
{
    if (len > SIZE_MAX - sizeof(struct qvt_blob)) {
        return QVT_NO_MEMORY;
    }
    qvt_blob *blob = malloc(sizeof(*blob) + len);
    if (blob == NULL) {
        return QVT_NO_MEMORY;
    }
    blob->references = 1;
    blob->len = len;
    *out = blob;
    *bytes = blob->bytes;
    return QVT_OK;
}

qvt_status qvt_blob_copy(qvt_blob **out, qvt_slice slice)
{
    uint8_t *bytes = NULL;
    QVT_TRY(qvt_blob_new(out, slice.len, &bytes));
    if (slice.len > 0) {
        memcpy(bytes, slice.data, slice.len);
    }
    return QVT_OK;
}

qvt_blob *qvt_blob_ref(qvt_blob *blob)
{
    QVT_ASSERT(blob->references > 0 && blob->references < SIZE_MAX);
    blob->references++;
    return blob;
}

void qvt_blob_unref(qvt_blob *blob)
{
    if (blob == NULL) {
        return;
    }
    QVT_ASSERT(blob->references > 0);
    if (--blob->references == 0) {
        free(blob);
    }
}

qvt_slice qvt_blob_slice(const qvt_blob *blob)
{
    return qvt_slice_make(blob->bytes, blob->len);
}
