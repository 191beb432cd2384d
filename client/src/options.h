/* Option structs of callers that were compiled against another version of the library. */
#ifndef QVT_CLIENT_OPTIONS_H
#define QVT_CLIENT_OPTIONS_H

#include <stddef.h>

#include "qvt/error.h"

/* Copies the caller's struct, which starts with its size, over `known`, which holds the defaults. What the caller does not
 * have keeps its default. given may be NULL: nothing is copied. INVALID_ARGUMENT: the size is none, or the struct sets
 * members that this library does not know. */
QVT_MUST_CHECK qvt_status options_read(void *known, size_t known_size, const void *given, const char *name,
                                       qvt_error *error);

#endif
