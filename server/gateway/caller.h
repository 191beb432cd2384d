/* Private to server/gateway: who sent a request. */
#ifndef QVT_SERVER_GATEWAY_CALLER_H
#define QVT_SERVER_GATEWAY_CALLER_H

#include "server/gateway/request.h"

/* Looks at the headers, which are complete: sets the caller, or the refusal that the request is to be answered with.
 * Without a guard, and for pages that are open, neither is needed. */
void caller_identify(struct request *request);

/* Whether the request's caller may see what is about every cluster; the page is answered without it then. */
bool caller_reads_all(const struct request *request);

/* The same for a page that is about nothing else: false, and the request is answered. */
bool caller_admit_read_all(struct request *request, const char *what);

#endif
