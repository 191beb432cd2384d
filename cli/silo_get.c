/* qvtctl silo get */
#include <inttypes.h>
#include <stdio.h>

#include "cli/ask.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

static void add_pair(struct table *table, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        table_add(table, name);
        table_add(table, value);
    }
}

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

static void add_head(struct table *table, const Quark__Version__V1__SiloInfo *silo)
{
    char room[12], address[SHOW_ADDRESS_MAX];
    add_pair(table, "silo", silo->silo_id);
    table_add(table, "status");
    table_add_format(table, "%s%s%s", show_silo_status((int)silo->status, room), silo->suspect ? ", suspect" : "",
                     silo->unhealthy ? ", unhealthy" : "");
    add_pair(table, "scheduling", show_scheduling((int)silo->scheduling, room));
    table_add(table, "address");
    table_add(table, show_address(silo->address, silo->port, address));
    table_add(table, "incarnation");
    table_add_format(table, "%" PRIu64, silo->incarnation);
    add_lease(table, silo);
}

static enum exit_code show(const ProtobufCMessage *message)
{
    const Quark__Version__V1__SiloInfo *silo = ((const Quark__Version__V1__GetSiloResponse *)message)->silo;
    struct table table = TABLE_INIT(2);
    if (silo == NULL) {
        return EXIT_NOT_FOUND;
    }
    add_head(&table, silo);
    add_pair(&table, "region", silo->region_id);
    add_pair(&table, "zone", silo->zone_id);
    add_pair(&table, "build", silo->build_id);
    for (size_t i = 0; i < silo->n_labels; i++) {
        table_add(&table, "label");
        table_add_format(&table, "%.120s=%.120s", silo->labels[i]->key, silo->labels[i]->value);
    }
    for (size_t i = 0; i < silo->n_actor_type_versions; i++) {
        const Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *entry = silo->actor_type_versions[i];
        table_add(&table, "serves");
        table_add_format(&table, "%.120s %.120s", entry->key, entry->value != NULL ? entry->value->version : "");
    }
    add_pair(&table, "etag", silo->etag);
    return table_print(&table, stdout) == QVT_OK ? EXIT_DONE : report_usage("out of memory");
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *options)
{
    Quark__Version__V1__GetSiloRequest request;
    (void)options;
    quark__version__v1__get_silo_request__init(&request);
    request.cluster = settings->cluster;
    request.silo_id = arguments->items[0];
    return ask(settings, METHOD(GET_SILO), &request.base, &quark_version_v1_get_silo_response_json_type, show);
}

const struct command command_silo_get = {
    .words = "silo get",
    .arguments = "SILO-ID",
    .summary = "Show one silo with its lease and versions",
    .details = "",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
