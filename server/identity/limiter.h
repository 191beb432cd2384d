/* How often an address may fail: a bucket of failures for each, in a table that never grows. Pure. */
#ifndef QVT_SERVER_IDENTITY_LIMITER_H
#define QVT_SERVER_IDENTITY_LIMITER_H

#include <stdint.h>

#include "base/entropy.h"
#include "qvt/slice.h"
#include "qvt/status.h"

struct limiter;

/* At most `failures_a_minute` of one address, as many at once after a quiet minute; 0: any number. Remembers about
 * `addresses` of them; a new one takes the place of one that failed least. NO_MEMORY. */
QVT_MUST_CHECK qvt_status limiter_new(struct limiter **out, uint32_t failures_a_minute, uint32_t addresses,
                                      const struct entropy *entropy);
void limiter_free(struct limiter *limiter);

/* Counts a failure of the address ("ADDR:PORT", whose port does not count, nor what IPv6 has after the first 64 bits).
 * 0: it is within what it may; else the milliseconds until one more is. now_us is monotonic. */
uint32_t limiter_fail(struct limiter *limiter, const char *address, int64_t now_us);

#endif
