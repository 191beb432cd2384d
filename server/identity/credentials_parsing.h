/* Private to server/identity: a file of credentials while it is read. */
#ifndef QVT_SERVER_IDENTITY_CREDENTIALS_PARSING_H
#define QVT_SERVER_IDENTITY_CREDENTIALS_PARSING_H

#include "base/buf.h"
#include "server/identity/credentials.h"

/* Growing arrays; pointers into them are set once all lines are read. */
struct parsing {
    const char *file;
    unsigned line;
    struct buf list;    /* struct credential */
    struct buf grants;  /* struct grant */
    struct buf proofs;  /* struct parsed_proof */
    struct grant grant; /* of the line at hand */
    bool has_clusters;
    bool has_silos;
    qvt_error *error;
};

struct parsed_proof {
    struct proof proof;
    size_t credential; /* its index */
};

/* "FILE:LINE: rule". */
#define CREDENTIALS_FAIL(parsing, format, ...)                                                                         \
    qvt_error_set((parsing)->error, QVT_INVALID_ARGUMENT, NULL, "%s:%u: " format, (parsing)->file, (parsing)->line,    \
                  __VA_ARGS__)

/* Reads the next line, which it cuts into words. INVALID_ARGUMENT, NO_MEMORY. */
QVT_MUST_CHECK qvt_status credentials_read_line(struct parsing *parsing, char *line);

#endif
