/* Private to server/gateway: GET /readyz. */
#ifndef QVT_SERVER_GATEWAY_READINESS_H
#define QVT_SERVER_GATEWAY_READINESS_H

#include "server/gateway/request.h"

/* 200 while every cluster can be read (status ready, or degraded: the store is out of reach and answers say how old they
 * are), else 503 (warming_up, draining, failed); the body says which clusters are the reason, to
 * callers who may read them all. */
void readiness_serve(struct request *request);

#endif
