/* Patterns of silo ids: `*` stands for any run of bytes, everything else for itself. Pure. */
#ifndef QVT_SERVER_IDENTITY_PATTERN_H
#define QVT_SERVER_IDENTITY_PATTERN_H

#include <stdbool.h>

#include "qvt/slice.h"

/* Whether the pattern fits the whole text. In time O(pattern × text), no recursion. */
bool pattern_fits(qvt_slice pattern, qvt_slice text);

#endif
