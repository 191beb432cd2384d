#include "server/app/entropy_pool.h"

#include <string.h>

static void fill(void *data, void *out, size_t len)
{
    struct entropy_pool *pool = data;
    if (len > ENTROPY_POOL_BYTES / 4) {
        entropy_fill(entropy_system(), out, len);
        return;
    }
    if (len > pool->left) {
        entropy_fill(entropy_system(), pool->bytes, ENTROPY_POOL_BYTES);
        pool->left = ENTROPY_POOL_BYTES;
    }
    pool->left -= len;
    memcpy(out, pool->bytes + pool->left, len);
    memset(pool->bytes + pool->left, 0, len);
}

void entropy_pool_init(struct entropy_pool *pool)
{
    pool->entropy = (struct entropy){fill, pool};
    pool->left = 0;
}
