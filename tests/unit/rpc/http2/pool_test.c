#include "rpc/http2/pool.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "base/entropy.h"
#include "tests/support/alloc.h"
#include "tests/support/suite.h"

#if defined(__SANITIZE_ADDRESS__)
enum { KEEPS = 0 };
#else
enum { KEEPS = 1 };
#endif

static void freed_block_is_used_again(void)
{
    struct http2_pool pool;
    http2_pool_init(&pool);
    void *first = http2_pool_malloc(100, &pool);
    CU_ASSERT_PTR_NOT_NULL(first);
    http2_pool_free(first, &pool);
    alloc_fail_at(0);
    void *second = http2_pool_malloc(97, &pool);
    CU_ASSERT_EQUAL(alloc_count(), KEEPS ? 0 : 1);
    http2_pool_free(second, &pool);
    http2_pool_free(NULL, &pool);
    http2_pool_deinit(&pool);
}

static void zeroed_memory_is_zero_also_the_second_time(void)
{
    struct http2_pool pool;
    http2_pool_init(&pool);
    for (int round = 0; round < 2; round++) {
        uint8_t *memory = http2_pool_calloc(5, 20, &pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
        for (size_t i = 0; i < 100; i++) {
            CU_ASSERT_EQUAL(memory[i], 0);
        }
        memset(memory, 0xff, 100);
        http2_pool_free(memory, &pool);
    }
    CU_ASSERT_PTR_NULL(http2_pool_calloc(SIZE_MAX, 2, &pool));
    http2_pool_deinit(&pool);
}

static void growth_keeps_the_content(void)
{
    struct http2_pool pool;
    http2_pool_init(&pool);
    uint8_t *memory = http2_pool_realloc(NULL, 1, &pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
    memory[0] = 0;
    for (size_t size = 2; size <= 3000; size++) {
        memory = http2_pool_realloc(memory, size, &pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
        memory[size - 1] = (uint8_t)(size - 1);
    }
    for (size_t i = 0; i < 3000; i++) {
        CU_ASSERT_EQUAL(memory[i], (uint8_t)i);
    }
    http2_pool_free(memory, &pool);
    http2_pool_deinit(&pool);
}

static void without_memory_a_block_stays_as_it_was(void)
{
    struct http2_pool pool;
    http2_pool_init(&pool);
    uint8_t *memory = http2_pool_malloc(10, &pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
    memcpy(memory, "0123456789", 10);
    alloc_fail_at(1);
    CU_ASSERT_PTR_NULL(http2_pool_realloc(memory, 1000, &pool));
    alloc_fail_at(1);
    CU_ASSERT_PTR_NULL(http2_pool_malloc(600, &pool));
    alloc_fail_at(0);
    CU_ASSERT_EQUAL(memcmp(memory, "0123456789", 10), 0);
    http2_pool_free(memory, &pool);
    http2_pool_deinit(&pool);
}

static void random_use_never_mixes_blocks(void)
{
    enum { BLOCKS = 64, STEPS = 20000 };
    uint64_t seed = suite_seed();
    struct entropy entropy = entropy_seeded(&seed);
    uint8_t *blocks[BLOCKS] = {NULL};
    size_t sizes[BLOCKS] = {0};
    struct http2_pool pool;
    http2_pool_init(&pool);
    for (int step = 0; step < STEPS; step++) {
        size_t i = entropy_u64(&entropy) % BLOCKS;
        for (size_t j = 0; j < sizes[i]; j++) {
            CU_ASSERT_EQUAL_FATAL(blocks[i][j], (uint8_t)i);
        }
        sizes[i] = entropy_u64(&entropy) % 700;
        http2_pool_free(blocks[i], &pool);
        blocks[i] = http2_pool_malloc(sizes[i], &pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(blocks[i]);
        memset(blocks[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        http2_pool_free(blocks[i], &pool);
    }
    http2_pool_deinit(&pool);
}

static void sessions_share_the_buffer_for_frames(void)
{
    struct http2_pool pool;
    http2_pool_init(&pool);
    pool.making_session = true;
    void *first = http2_pool_realloc(NULL, HTTP2_POOL_FRAME, &pool);
    void *second = http2_pool_realloc(NULL, HTTP2_POOL_FRAME, &pool);
    pool.making_session = false;
    void *other = http2_pool_realloc(NULL, HTTP2_POOL_FRAME, &pool);
    CU_ASSERT_PTR_NOT_NULL(first);
    CU_ASSERT_PTR_EQUAL(first, second);
    CU_ASSERT_PTR_NOT_EQUAL(first, other);
    http2_pool_free(first, &pool);
    memset(second, 1, HTTP2_POOL_FRAME);
    http2_pool_free(second, &pool);
    http2_pool_free(other, &pool);
    http2_pool_deinit(&pool);
}

SUITE_MAIN("rpc/http2/pool", SUITE_CASE(freed_block_is_used_again),
           SUITE_CASE(zeroed_memory_is_zero_also_the_second_time), SUITE_CASE(growth_keeps_the_content),
           SUITE_CASE(without_memory_a_block_stays_as_it_was), SUITE_CASE(random_use_never_mixes_blocks),
           SUITE_CASE(sessions_share_the_buffer_for_frames))
