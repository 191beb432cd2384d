/* A request target taken apart: decoded path segments and decoded query parameters (RFC 3986 §3.3, §3.4). */
#ifndef QVT_SERVER_GATEWAY_URI_H
#define QVT_SERVER_GATEWAY_URI_H

#include <stddef.h>

#include "qvt/error.h"
#include "qvt/slice.h"

enum { URI_SEGMENT_MAX = 16, URI_PARAMETER_MAX = 64 };

struct uri_parameter {
    qvt_slice name;
    qvt_slice value; /* empty without a `=` */
};

/* Slices point into the text given to uri_parse. */
struct uri {
    qvt_slice segment[URI_SEGMENT_MAX];
    size_t segment_count;
    struct uri_parameter parameter[URI_PARAMETER_MAX];
    size_t parameter_count;
};

/* Takes "/v1/silos/a%2Fb?limit=3" apart and decodes it in place, after splitting, so that an encoded `/`, `?`, `&` or
 * `=` never splits. In parameters `+` is a space. A trailing `/` gives an empty last segment. text is NUL-terminated and
 * must outlive out. INVALID_ARGUMENT: broken percent-encoding, too many segments or parameters. */
QVT_MUST_CHECK qvt_status uri_parse(struct uri *out, char *text, qvt_error *error);

#endif
