#include "cli/silo_show.h"

#include <inttypes.h>

#include "cli/show.h"

static void add_lease(struct table *table, const Quark__Version__V1__SiloInfo *silo)
{
    char total[24], left[24];
    if (silo->lease_ttl == NULL) {
        return;
    }
    uint64_t ttl_ms = (uint64_t)silo->lease_ttl->seconds * 1000 + (uint64_t)(silo->lease_ttl->nanos / 1000000);
    table_add(table, "lease");
    if (silo->_lease_remaining_ms_case != QUARK__VERSION__V1__SILO_INFO___LEASE_REMAINING_MS__NOT_SET) {
        table_add_format(table, "%s, %s left", show_milliseconds(ttl_ms, total),
                         show_milliseconds(silo->lease_remaining_ms, left));
    } else {
        table_add(table, show_milliseconds(ttl_ms, total));
    }
}

static void add_health(struct table *table, const Quark__Version__V1__Health *health)
{
    if (health != NULL) {
        table_add(table, "health");
        table_add_format(table, "score %.0f: cpu %.0f%%, memory %.0f%%, latency %.0f ms", health->score,
                         health->cpu_percent, health->memory_percent, health->latency_ms);
    }
}

static void add_head(struct table *table, const Quark__Version__V1__SiloInfo *silo)
{
    char address[SHOW_ADDRESS_MAX];
    table_add_pair(table, "silo", silo->silo_id);
    table_add(table, "status");
    show_status_cell(table, silo, ", ");
    table_add(table, "scheduling");
    show_scheduling_cell(table, silo);
    table_add(table, "address");
    table_add(table, show_address(silo->address, silo->port, address));
    table_add(table, "incarnation");
    table_add_format(table, "%" PRIu64, silo->incarnation);
    add_lease(table, silo);
}

enum exit_code silo_show(const Quark__Version__V1__SiloInfo *silo)
{
    struct table table = TABLE_INIT(2);
    if (silo == NULL) {
        return EXIT_NOT_FOUND;
    }
    add_head(&table, silo);
    table_add_pair(&table, "region", silo->region_id);
    table_add_pair(&table, "zone", silo->zone_id);
    table_add_pair(&table, "build", silo->build_id);
    for (size_t i = 0; i < silo->n_labels; i++) {
        table_add(&table, "label");
        table_add_format(&table, "%.120s=%.120s", silo->labels[i]->key, silo->labels[i]->value);
    }
    for (size_t i = 0; i < silo->n_actor_type_versions; i++) {
        const Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *entry = silo->actor_type_versions[i];
        table_add(&table, "serves");
        table_add_format(&table, "%.120s %.120s", entry->key, entry->value != NULL ? entry->value->version : "");
    }
    add_health(&table, silo->health);
    table_add_pair(&table, "etag", silo->etag);
    return table_show(&table);
}
