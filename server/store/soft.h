/* Soft state of one cluster, kept in memory: what replicas publish until it expires. */
#ifndef QVT_SERVER_STORE_SOFT_H
#define QVT_SERVER_STORE_SOFT_H

#include "base/list.h"
#include "server/store/store.h"

struct soft {
    struct list entries;
};

void soft_init(struct soft *soft);
void soft_deinit(struct soft *soft);

/* As store_publish and store_collect, at the monotonic time now_us. */
QVT_MUST_CHECK qvt_status soft_publish(struct soft *soft, const char *replica, const char *key, qvt_slice value,
                                       uint32_t ttl_ms, int64_t now_us);
void soft_collect(struct soft *soft, const char *key, int64_t now_us, store_on_collect on_collect, void *data);

#endif
