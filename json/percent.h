/* Percent-decoding of URL paths and queries (RFC 3986 §2.1). */
#ifndef QVT_JSON_PERCENT_H
#define QVT_JSON_PERCENT_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends the decoded text and a NUL. plus: `+` is a blank, as in queries. INVALID_ARGUMENT for a `%` without two hex
 * digits, a NUL, or what is not UTF-8; NO_MEMORY. */
QVT_MUST_CHECK qvt_status percent_decode_text(struct buf *out, qvt_slice text, bool plus);

#endif
