/* Records by kind and key, each with a reference. */
#ifndef QVT_SERVER_STORE_REDIS_IMAGES_H
#define QVT_SERVER_STORE_REDIS_IMAGES_H

#include "server/registry/image.h"
#include "server/registry/table.h"

/* Start from {0}. */
struct images {
    struct table table;
};

void images_deinit(struct images *images);

/* Takes its own reference and replaces the record before. NO_MEMORY. */
QVT_MUST_CHECK qvt_status images_put(struct images *images, struct image *image);
void images_remove(struct images *images, uint32_t kind, qvt_slice key);

/* If the record is of the same revision, this very image stands for it from now on: history and records share it. */
void images_share(struct images *images, struct image *image);

/* Fills `out` with images.table.count borrowed images. */
void images_list(const struct images *images, struct image **out);

#endif
