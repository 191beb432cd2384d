#include "server/store/redis/images.h"

#include "base/check.h"
#include "server/registry/change.h"

static bool same_record(const void *item, const void *key)
{
    const struct change_key *wanted = key;
    return image_kind(item) == wanted->kind && qvt_slice_equal(image_key(item), wanted->key);
}

static struct image *find(const struct images *images, uint32_t kind, qvt_slice key)
{
    struct change_key wanted = {kind, key};
    return table_find(&images->table, table_hash(key, kind), same_record, &wanted);
}

void images_deinit(struct images *images)
{
    size_t cursor = 0;
    struct image *image;
    while ((image = table_next(&images->table, &cursor)) != NULL) {
        image_unref(image);
    }
    table_deinit(&images->table);
    images->table = (struct table){NULL, 0, 0};
}

void images_remove(struct images *images, uint32_t kind, qvt_slice key)
{
    struct image *image = find(images, kind, key);
    if (image != NULL) {
        table_remove(&images->table, table_hash(key, kind), image);
        image_unref(image);
    }
}

qvt_status images_put(struct images *images, struct image *image)
{
    QVT_TRY(table_reserve(&images->table, 1));
    image_ref(image);
    images_remove(images, image_kind(image), image_key(image));
    table_add(&images->table, table_hash(image_key(image), image_kind(image)), image);
    return QVT_OK;
}

void images_share(struct images *images, struct image *image)
{
    struct image *known = find(images, image_kind(image), image_key(image));
    if (known != NULL && known != image && image_origin(known).revision == image_origin(image).revision) {
        images_remove(images, image_kind(image), image_key(image));
        table_add(&images->table, table_hash(image_key(image), image_kind(image)), image_ref(image));
    }
}

void images_list(const struct images *images, struct image **out)
{
    size_t cursor = 0;
    struct image *image;
    while ((image = table_next(&images->table, &cursor)) != NULL) {
        *out++ = image;
    }
}
