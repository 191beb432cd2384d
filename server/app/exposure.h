/* Whether strangers could reach the server and do what they like. */
#ifndef QVT_SERVER_APP_EXPOSURE_H
#define QVT_SERVER_APP_EXPOSURE_H

#include "qvt/error.h"
#include "server/app/settings.h"

/* FAILED_PRECONDITION when an address to listen on is no loopback address and neither --insecure nor what keeps strangers
 * out is set: the error says which address and what to do. A text that is no address passes: listening will refuse it. */
QVT_MUST_CHECK qvt_status exposure_check(const struct settings *settings, qvt_error *error);

#endif
