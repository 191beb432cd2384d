#include "tests/support/alloc.h"

#include <stddef.h>
#include <stdint.h>

static unsigned long fail_at;
static unsigned long count;

void alloc_fail_at(unsigned long nth)
{
    fail_at = nth;
    count = 0;
}

bool alloc_failed(void)
{
    return fail_at != 0 && count >= fail_at;
}

unsigned long alloc_count(void)
{
    return count;
}

/* Sizes no allocator can serve fail here, because AddressSanitizer would end the process. */
static bool must_fail(size_t size)
{
    count++;
    return count == fail_at || size > PTRDIFF_MAX;
}

/* The linker's --wrap gives these names. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t members, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t members, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
    return must_fail(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t members, size_t size)
{
    return must_fail(size) ? NULL : __real_calloc(members, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return must_fail(size) ? NULL : __real_realloc(memory, size);
}
