/* The `grpc-timeout` header: 1 to 8 digits and a unit, one of H M S m u n (grpc PROTOCOL-HTTP2). */
#ifndef QVT_RPC_WIRE_TIMEOUT_H
#define QVT_RPC_WIRE_TIMEOUT_H

#include <stdint.h>

#include "qvt/slice.h"
#include "qvt/status.h"

/* The longest timeout that timeout_parse gives: 2^63-1 ns, about 292 years; longer ones are clamped to it. */
#define TIMEOUT_MAX_NS INT64_MAX

/* The size that fits every result of timeout_format, with its NUL. */
enum { TIMEOUT_TEXT_MAX = 12 };

/* Nanoseconds, 0 to TIMEOUT_MAX_NS. INVALID_ARGUMENT when the text is not a timeout. */
QVT_MUST_CHECK qvt_status timeout_parse(qvt_slice text, int64_t *out_ns);

/* Writes the timeout NUL-terminated in the finest unit that needs at most 8 digits, rounded up so that the receiver
 * never gives up before the sender. timeout_ns >= 0. Returns the length without the NUL. */
size_t timeout_format(int64_t timeout_ns, char out[TIMEOUT_TEXT_MAX]);

#endif
