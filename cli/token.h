/* The token that says who calls: from a file or from the environment, never from an argument, which a process list shows. */
#ifndef QVT_CLI_TOKEN_H
#define QVT_CLI_TOKEN_H

#include "qvt/error.h"

#define TOKEN_HEADER_MAX 600

/* Writes "Bearer TOKEN": of the first line of the file, else of $QVT_TOKEN, "" when there is neither; file may be NULL.
 * INVALID_ARGUMENT: the file cannot be read, or what is there can be no token; the error does not show it. */
QVT_MUST_CHECK qvt_status token_header(char out[TOKEN_HEADER_MAX], const char *file, qvt_error *error);

#endif
