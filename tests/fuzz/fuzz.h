/* What a fuzz target defines; libFuzzer or the replay calls it. */
#ifndef QVT_TESTS_FUZZ_FUZZ_H
#define QVT_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feeds one input to the code under test and returns 0. Ends the process where an invariant is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
