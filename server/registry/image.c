#include "server/registry/image.h"

#include <string.h>

#include "base/check.h"

/* Lives in the blob, whose references are its own. */
struct image {
    qvt_blob *blob;
    uint32_t kind;
    uint32_t field;
    uint32_t key_len;
    uint32_t value_len;
    struct image_origin origin;
    uint8_t bytes[]; /* key, NUL, value */
};

qvt_status image_new(struct image **out, uint32_t kind, uint32_t field, qvt_slice key, qvt_slice value,
                     struct image_origin origin)
{
    QVT_ASSERT(key.len < UINT32_MAX && value.len < UINT32_MAX);
    qvt_blob *blob = NULL;
    uint8_t *memory = NULL;
    QVT_TRY(qvt_blob_new(&blob, sizeof(struct image) + key.len + 1 + value.len, &memory));
    struct image *image = (struct image *)(void *)memory;
    image->blob = blob;
    image->kind = kind;
    image->field = field;
    image->key_len = (uint32_t)key.len;
    image->value_len = (uint32_t)value.len;
    image->origin = origin;
    if (key.len > 0) {
        memcpy(image->bytes, key.data, key.len);
    }
    image->bytes[key.len] = 0;
    if (value.len > 0) {
        memcpy(image->bytes + key.len + 1, value.data, value.len);
    }
    *out = image;
    return QVT_OK;
}

struct image *image_ref(struct image *image)
{
    (void)qvt_blob_ref(image->blob);
    return image;
}

void image_unref(struct image *image)
{
    if (image != NULL) {
        qvt_blob_unref(image->blob);
    }
}

uint32_t image_kind(const struct image *image)
{
    return image->kind;
}

uint32_t image_field(const struct image *image)
{
    return image->field;
}

struct image_origin image_origin(const struct image *image)
{
    return image->origin;
}

qvt_slice image_key(const struct image *image)
{
    return qvt_slice_make(image->bytes, image->key_len);
}

qvt_slice image_value(const struct image *image)
{
    return qvt_slice_make(image->bytes + image->key_len + 1, image->value_len);
}

qvt_blob *image_blob(const struct image *image)
{
    return image->blob;
}

size_t image_size_bytes(const struct image *image)
{
    return sizeof *image + image->key_len + 1 + image->value_len;
}
