/* Private to server/gateway: keeps other sites' pages from writing through a user's browser. */
#ifndef QVT_SERVER_GATEWAY_ORIGIN_H
#define QVT_SERVER_GATEWAY_ORIGIN_H

#include "server/gateway/request.h"

/* Whether a browser sent this request for a page that this server did not serve: an Origin header (RFC 6454 §7) that
 * does not name the Host. Programs send none. */
bool origin_is_foreign(const struct request *request);

#endif
