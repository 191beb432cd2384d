#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "tests/support/alloc.h"
#include "tests/support/suite.h"

static void memory_is_aligned_for_any_type(void)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t size = 0; size < 100; size++) {
        void *memory = arena_alloc(&arena, size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
        CU_ASSERT_EQUAL((uintptr_t)memory % _Alignof(max_align_t), 0);
        if (memory != NULL) {
            memset(memory, 0xa5, size);
        }
    }
    arena_deinit(&arena);
}

static void allocations_do_not_overlap(void)
{
    enum { COUNT = 500, SIZE = 333 };
    struct arena arena;
    unsigned char *memory[COUNT];
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < COUNT; i++) {
        memory[i] = arena_alloc(&arena, SIZE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(memory[i]);
        if (memory[i] != NULL) {
            memset(memory[i], i & 0xff, SIZE);
        }
    }
    for (int i = 0; i < COUNT; i++) {
        CU_ASSERT(memory[i][0] == (i & 0xff) && memory[i][SIZE - 1] == (i & 0xff));
    }
    arena_deinit(&arena);
}

static void cap_bounds_what_is_handed_out_between_resets(void)
{
    struct arena arena;
    arena_init(&arena, 1024);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 1000));
    CU_ASSERT_PTR_NULL(arena_alloc(&arena, 100));
    CU_ASSERT(arena.used <= arena.cap);
    arena_reset(&arena);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 1024));
    CU_ASSERT_PTR_NULL(arena_alloc(&arena, 1));
    arena_deinit(&arena);
}

static void impossible_sizes_are_refused(void)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    CU_ASSERT_PTR_NULL(arena_alloc(&arena, SIZE_MAX));
    CU_ASSERT_PTR_NULL(arena_alloc(&arena, SIZE_MAX - 64));
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 1));
    arena_deinit(&arena);
}

static void use_once(struct arena *arena)
{
    for (int i = 0; i < 100; i++) {
        CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, 300));
    }
}

static void recycled_arena_does_not_malloc(void)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < 8; i++) {
        use_once(&arena);
        arena_reset(&arena);
    }
    alloc_fail_at(0);
    use_once(&arena);
    CU_ASSERT_EQUAL(alloc_count(), 0);
    arena_deinit(&arena);
}

static void reset_keeps_no_chunk_over_64_kib(void)
{
    struct arena arena;
    arena_init(&arena, 1 << 24);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 1 << 20));
    arena_reset(&arena);
    alloc_fail_at(0);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 16));
    CU_ASSERT_EQUAL(alloc_count(), 1);
    arena_deinit(&arena);
}

static void large_allocation_leaves_room_of_the_current_chunk_in_use(void)
{
    struct arena arena;
    arena_init(&arena, 1 << 24);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 16));
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 1 << 20));
    alloc_fail_at(0);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 16));
    CU_ASSERT_EQUAL(alloc_count(), 0);
    arena_deinit(&arena);
}

static void out_of_memory_gives_null_and_leaves_the_arena_usable(void)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    alloc_fail_at(1);
    CU_ASSERT_PTR_NULL(arena_alloc(&arena, 16));
    CU_ASSERT_EQUAL(arena.used, 0);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&arena, 16));
    arena_deinit(&arena);
}

SUITE_MAIN("base/arena", SUITE_CASE(memory_is_aligned_for_any_type), SUITE_CASE(allocations_do_not_overlap),
           SUITE_CASE(cap_bounds_what_is_handed_out_between_resets), SUITE_CASE(impossible_sizes_are_refused),
           SUITE_CASE(recycled_arena_does_not_malloc), SUITE_CASE(reset_keeps_no_chunk_over_64_kib),
           SUITE_CASE(large_allocation_leaves_room_of_the_current_chunk_in_use),
           SUITE_CASE(out_of_memory_gives_null_and_leaves_the_arena_usable))
