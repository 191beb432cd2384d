/* Which trackers a client talks to: those of its options, else those of QVT_ENDPOINTS. */
#ifndef QVT_CLIENT_ENDPOINTS_H
#define QVT_CLIENT_ENDPOINTS_H

#include <stddef.h>

#include "qvt/client.h"

struct endpoints {
    const char *const *items; /* the options', or ours */
    size_t count;
    char *text;        /* of the environment, cut at its commas; NULL: the options' */
    const char **list; /* into it */
};

/* None: neither names any, and the local tracker answers (SPEC §9.1). NO_MEMORY. */
QVT_MUST_CHECK qvt_status endpoints_read(struct endpoints *out, const qvt_client_options *options, qvt_error *error);
void endpoints_deinit(struct endpoints *endpoints);

#endif
