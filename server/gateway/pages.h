/* Private to server/gateway: the pages that are no method. */
#ifndef QVT_SERVER_GATEWAY_PAGES_H
#define QVT_SERVER_GATEWAY_PAGES_H

#include "server/gateway/request.h"

/* Whether the target, its query included, is a page for those without a credential too. */
bool pages_are_open(const char *target);

/* /healthz (the process lives), /readyz (it has its records), /metrics, /openapi.json. false: the path is none of them. */
bool pages_serve(struct request *request, const char *path);

#endif
