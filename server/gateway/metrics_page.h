/* Private to server/gateway: GET /metrics. */
#ifndef QVT_SERVER_GATEWAY_METRICS_PAGE_H
#define QVT_SERVER_GATEWAY_METRICS_PAGE_H

#include "server/gateway/prometheus.h"
#include "server/gateway/request.h"

/* Answers with everything that is counted. */
void metrics_page_serve(struct request *request);

/* ---- its parts, each some whole families ---- */

/* Calls by method, protocol and code; latency; finds, heartbeats, watches. */
void metrics_calls_write(struct prometheus *prometheus, const struct service_metrics *metrics);

/* Silos, leases, watchers, revision and history of every cluster; NO_MEMORY in its status. */
void metrics_clusters_write(struct prometheus *prometheus, const struct service *service);

/* What the guard refused, and its credentials; nothing without a guard. */
void metrics_auth_write(struct prometheus *prometheus, const struct guard *guard);

/* Appends. */
void metrics_store_write(struct prometheus *prometheus, const struct store_metrics *metrics);

/* Connections, bytes, HTTP answers. */
void metrics_transport_write(struct prometheus *prometheus, const struct gateway *gateway);

/* Memory, processor time, descriptors. */
void metrics_process_write(struct prometheus *prometheus);

#endif
