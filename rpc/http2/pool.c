#include "rpc/http2/pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* In front of every block. */
struct http2_pool_block {
    alignas(max_align_t) struct http2_pool_block *next; /* while it is spare */
    uint32_t class;                                     /* CLASSES: too large to be kept */
};

enum { HEAD = sizeof(struct http2_pool_block) };

/* AddressSanitizer shall see every block come and go. */
#if defined(__SANITIZE_ADDRESS__)
enum { KEEP = 0 };
#else
enum { KEEP = HTTP2_POOL_KEEP };
#endif

void http2_pool_init(struct http2_pool *pool)
{
    *pool = (struct http2_pool){.kept = {0}};
}

static struct http2_pool_block *head_of(void *memory)
{
    return (struct http2_pool_block *)((char *)memory - HEAD);
}

void http2_pool_deinit(struct http2_pool *pool)
{
    for (size_t i = 0; i < HTTP2_POOL_CLASSES; i++) {
        while (pool->spare[i] != NULL) {
            struct http2_pool_block *block = pool->spare[i];
            pool->spare[i] = block->next;
            free(block);
        }
    }
    if (pool->frame != NULL) {
        free(head_of(pool->frame));
    }
    http2_pool_init(pool);
}

static size_t block_size(const struct http2_pool_block *block)
{
    return ((size_t)block->class + 1) * HTTP2_POOL_STEP;
}

static void *allocate(size_t size, uint32_t class)
{
    struct http2_pool_block *block = size > SIZE_MAX - HEAD ? NULL : malloc(HEAD + size);
    if (block == NULL) {
        return NULL;
    }
    block->class = class;
    return (char *)block + HEAD;
}

void *http2_pool_malloc(size_t size, void *data)
{
    struct http2_pool *pool = data;
    size_t class = size == 0 ? 0 : (size - 1) / HTTP2_POOL_STEP;
    if (class >= HTTP2_POOL_CLASSES) {
        return allocate(size, HTTP2_POOL_CLASSES);
    }
    struct http2_pool_block *block = pool->spare[class];
    if (block == NULL) {
        return allocate((class + 1) * HTTP2_POOL_STEP, (uint32_t) class);
    }
    pool->spare[class] = block->next;
    pool->kept[class]--;
    return (char *)block + HEAD;
}

void http2_pool_free(void *memory, void *data)
{
    struct http2_pool *pool = data;
    if (memory == NULL || memory == pool->frame) {
        return;
    }
    struct http2_pool_block *block = head_of(memory);
    if (block->class == HTTP2_POOL_CLASSES || (pool->kept[block->class] + 1) * block_size(block) > KEEP) {
        free(block);
        return;
    }
    block->next = pool->spare[block->class];
    pool->spare[block->class] = block;
    pool->kept[block->class]++;
}

void *http2_pool_calloc(size_t count, size_t size, void *data)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    void *memory = http2_pool_malloc(count * size, data);
    return memory == NULL ? NULL : memset(memory, 0, count * size);
}

static void *share_frame(struct http2_pool *pool)
{
    if (pool->frame == NULL) {
        pool->frame = allocate(HTTP2_POOL_FRAME, HTTP2_POOL_CLASSES);
    }
    return pool->frame;
}

static void *realloc_large(void *memory, size_t size)
{
    struct http2_pool_block *block = size > SIZE_MAX - HEAD ? NULL : realloc(head_of(memory), HEAD + size);
    return block == NULL ? NULL : (char *)block + HEAD;
}

void *http2_pool_realloc(void *memory, size_t size, void *data)
{
    struct http2_pool *pool = data;
    if (memory == NULL) {
        bool shared = pool->making_session && size == HTTP2_POOL_FRAME;
        return shared ? share_frame(pool) : http2_pool_malloc(size, pool);
    }
    QVT_ASSERT(memory != pool->frame);
    struct http2_pool_block *block = head_of(memory);
    if (block->class == HTTP2_POOL_CLASSES) {
        return realloc_large(memory, size);
    }
    if (size <= block_size(block)) {
        return memory;
    }
    void *larger = http2_pool_malloc(size, data);
    if (larger != NULL) {
        memcpy(larger, memory, block_size(block));
        http2_pool_free(memory, data);
    }
    return larger;
}
