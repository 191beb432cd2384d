/* A file of lines that people write, read into memory. */
#ifndef QVT_SERVER_APP_TEXT_FILE_H
#define QVT_SERVER_APP_TEXT_FILE_H

#include <stddef.h>

#include "qvt/error.h"

/* Reads the whole file, a NUL behind it; the caller frees *out. error: "cannot read PATH: why" or "PATH:LINE: rule".
 *   UNAVAILABLE       it cannot be read
 *   INVALID_ARGUMENT  over max bytes, or not UTF-8 text without NUL
 *   NO_MEMORY */
QVT_MUST_CHECK qvt_status text_file_read(const char *path, size_t max, char **out, size_t *len, qvt_error *error);

#endif
