/* Small blocks for nghttp2, kept for the next time by size: a steady flow of calls does not reach malloc. */
#ifndef QVT_RPC_HTTP2_POOL_H
#define QVT_RPC_HTTP2_POOL_H

#include <stddef.h>
#include <stdint.h>

enum {
    HTTP2_POOL_STEP = 32,
    HTTP2_POOL_CLASSES = 16,     /* blocks of up to STEP × CLASSES bytes are kept */
    HTTP2_POOL_KEEP = 256 * 1024 /* bytes kept of each class */
};

struct http2_pool_block;

/* One for all sessions of a loop. Invariant: kept[i] counts the blocks of spare[i]. */
struct http2_pool {
    struct http2_pool_block *spare[HTTP2_POOL_CLASSES];
    uint32_t kept[HTTP2_POOL_CLASSES];
};

void http2_pool_init(struct http2_pool *pool);

/* Frees what is kept; no block may be in use. */
void http2_pool_deinit(struct http2_pool *pool);

/* As malloc, free, calloc and realloc; pool is a struct http2_pool. */
void *http2_pool_malloc(size_t size, void *pool);
void http2_pool_free(void *memory, void *pool);
void *http2_pool_calloc(size_t count, size_t size, void *pool);
void *http2_pool_realloc(void *memory, size_t size, void *pool);

#endif
