/* What every implementation of the store fills in. Private to this folder. */
#ifndef QVT_SERVER_STORE_STORE_BASE_H
#define QVT_SERVER_STORE_STORE_BASE_H

#include "base/clock.h"
#include "server/store/leases.h"
#include "server/store/soft.h"
#include "server/store/store.h"

/* What stores of several replicas have elsewhere than in the process: leases, soft state, the clock; as in store.h. */
struct store_away_ops {
    void (*renew)(struct store_log *log, const struct store_lease *leases, size_t count, store_on_renew on_renew,
                  void *data);
    void (*drop)(struct store_log *log, const uint64_t *incarnations, size_t count);
    void (*lapsed)(struct store_log *log, size_t max, store_on_lapsed on_lapsed, void *data);
    int64_t (*next_lapse_us)(const struct store_log *log);
    uint32_t (*lease_remaining_ms)(const struct store_log *log, uint64_t incarnation);
    qvt_status (*publish)(struct store_log *log, const char *replica, const char *key, qvt_slice value,
                          uint32_t ttl_ms);
    void (*collect)(struct store_log *log, const char *key, store_on_collect on_collect, void *data);
    void (*reset)(struct store_log *log, const struct position *seen, const char *store_id, store_on_head on_head,
                  void *data);
    int64_t (*wall_us)(const struct store *store);      /* NULL: the process's clock */
    size_t (*lease_count)(const struct store_log *log); /* NULL: unknown */
    int64_t (*turn_us)(const struct store_log *log);    /* NULL: nobody has turns */
};

enum store_log_kind { STORE_LOG_CLUSTER, STORE_LOG_MOVES };

struct store_ops {
    void (*close)(struct store *store, void (*on_closed)(void *data), void *data);
    void (*list)(struct store *store, store_on_list on_list, void *data);
    qvt_status (*open_log)(struct store *store, const char *name, enum store_log_kind kind, struct store_log **out);
    void (*close_log)(struct store_log *log);
    void (*load)(struct store_log *log, store_on_load on_load, void *data);
    void (*append)(struct store_log *log, const struct store_append *append, store_on_append on_append, void *data);
    void (*head)(struct store_log *log, store_on_head on_head, void *data);
    const struct store_away_ops *away; /* NULL: store_log.memory has them */
};

/* First member of an implementation's own struct. */
struct store {
    const struct store_ops *ops;
    const struct clock *clock;
    bool shared;
    struct store_metrics metrics;
};

/* What stores of one process keep in memory beside a cluster's log. */
struct store_volatile {
    struct leases leases;
    struct soft soft;
};

/* First member of an implementation's own struct. */
struct store_log {
    struct store *store;
    enum store_log_kind kind;
    struct store_volatile *memory; /* unless ops->away */
    store_on_changes on_changes;
    void *on_changes_data;
    store_on_append on_append; /* of the append in flight, with its data */
    void *on_append_data;
    int64_t append_began_us;
    size_t append_changes;
};

void store_volatile_init(struct store_volatile *memory);
void store_volatile_deinit(struct store_volatile *memory);

/* A full lease for every silo among the records that is not DEAD and has none. NO_MEMORY. */
QVT_MUST_CHECK qvt_status store_volatile_load(struct store_volatile *memory, struct image *const *records, size_t count,
                                              int64_t now_us);

/* Whether all these leases are over, or there are none. */
bool store_volatile_lapsed(const struct store_volatile *memory, const uint64_t *incarnations, size_t count,
                           int64_t now_us);

/* leases_hold for all of them. */
void store_volatile_hold(struct store_volatile *memory, const uint64_t *incarnations, size_t count, bool held);

#endif
