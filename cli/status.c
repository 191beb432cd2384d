/* qvtctl status */
#include <inttypes.h>

#include "cli/ask.h"
#include "cli/session.h"
#include "cli/show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

typedef Quark__Version__V1__GetClusterStatusResponse status_response;

static void add_position(struct table *table, const Quark__Version__V1__Position *position)
{
    if (position != NULL) {
        table_add_pair(table, "store", position->store_id);
        table_add(table, "position");
        table_add_format(table, "%" PRIu64 ".%016" PRIx64, position->revision, position->token);
    }
}

static void add_count(struct table *table, const char *name, uint32_t count, enum style style)
{
    table_add(table, name);
    table_add_styled(table, count > 0 ? style : STYLE_PLAIN, "%u", (unsigned)count);
}

static void add_age(struct table *table, const Google__Protobuf__Duration *age)
{
    char room[24];
    if (age != NULL) {
        uint64_t age_ms = (uint64_t)age->seconds * 1000 + (uint64_t)(age->nanos / 1000000);
        table_add(table, "age");
        table_add_styled(table, STYLE_WARNING, "%s: the store is out of reach", show_milliseconds(age_ms, room));
    }
}

static enum exit_code show(const ProtobufCMessage *message)
{
    const status_response *answer = (const status_response *)message;
    struct table table = TABLE_INIT(2);
    add_position(&table, answer->position);
    add_age(&table, answer->age);
    for (size_t i = 0; i < answer->n_silos; i++) {
        char room[12];
        table_add_format(&table, "silos %s", show_silo_status((int)answer->silos[i]->status, room));
        table_add_format(&table, "%u", (unsigned)answer->silos[i]->silos);
    }
    add_count(&table, "suspect", answer->suspect_silos, STYLE_WARNING);
    add_count(&table, "unhealthy", answer->unhealthy_silos, STYLE_WARNING);
    add_count(&table, "actor types", answer->actor_types, STYLE_PLAIN);
    add_count(&table, "policies", answer->policies, STYLE_PLAIN);
    table_add(&table, "expiry");
    table_add_styled(&table, answer->expiry_paused ? STYLE_BAD : STYLE_PLAIN, "%s",
                     answer->expiry_paused ? "paused: too many leases lapsed at once" : "running");
    return table_show(&table);
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *options)
{
    Quark__Version__V1__GetClusterStatusRequest request;
    (void)arguments;
    (void)options;
    quark__version__v1__get_cluster_status_request__init(&request);
    request.cluster = settings->cluster;
    return ask(settings, METHOD(GET_CLUSTER_STATUS), &request.base,
               &quark_version_v1_get_cluster_status_response_json_type, show);
}

const struct command command_status = {
    .words = "status",
    .arguments = "",
    .summary = "Show how a cluster stands: position, counts, expiry",
    .details = "A cluster that nobody created is empty.\n",
    .max_arguments = 0,
    .run = run,
};
