/* Replaces fields of an encoded message and keeps the rest byte for byte, fields it does not know included. */
#ifndef QVT_SERVER_REGISTRY_PATCH_H
#define QVT_SERVER_REGISTRY_PATCH_H

#include "base/buf.h"
#include "qvt/slice.h"
#include "qvt/status.h"

#define PATCH_FIELDS_MAX 12u

/* Start from {0}. Invariant: numbers ascend. */
struct patch {
    struct buf bytes; /* the new fields, encoded, one group a number */
    struct {
        uint32_t number;
        size_t begin; /* in bytes; ends where the next one begins */
    } field[PATCH_FIELDS_MAX];
    unsigned field_count;
};

void patch_deinit(struct patch *patch);

/* What is appended to patch->bytes from here on replaces all fields of this number, which is above those before; nothing
 * appended removes them. */
void patch_field(struct patch *patch, uint32_t number);

/* Appends the patched message to `out`. The old one has its fields in ascending order and so has the new one.
 * NO_MEMORY. */
QVT_MUST_CHECK qvt_status patch_apply(const struct patch *patch, qvt_slice old, struct buf *out);

#endif
