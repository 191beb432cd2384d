/* qvtctl silo list */
#include <inttypes.h>

#include "cli/pages.h"
#include "cli/read.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

#define STATUSES_MAX 8

typedef Quark__Version__V1__ListSilosRequest list_request;
typedef Quark__Version__V1__ListSilosResponse list_response;

struct options {
    struct flag_list statuses;
    struct flag_list labels;
    char *actor_type;
    char *range;
    char *zone;
};

static size_t own_flags(void *data, struct flag *out)
{
    struct options *options = data;
    size_t count = 0;
    out[count++] = (struct flag){"--status",
                                 NULL,
                                 "joining|active|shutting_down|dead",
                                 "only silos with this status; may be repeated",
                                 FLAG_LIST,
                                 &options->statuses,
                                 0};
    out[count++] = (struct flag){
        "--type", NULL, "TYPE", "only silos that serve this actor type", FLAG_TEXT, &options->actor_type, 0};
    out[count++] = (struct flag){
        "--range", NULL, "RANGE", "with --type: only at a version in this range (^2.1)", FLAG_TEXT, &options->range, 0};
    out[count++] = (struct flag){
        "--label", NULL, "KEY[=VALUE]", "only silos with this label; may be repeated", FLAG_LIST, &options->labels, 0};
    out[count++] = (struct flag){"--zone", NULL, "ZONE", "only silos of this zone", FLAG_TEXT, &options->zone, 0};
    return count;
}

static enum exit_code show(void *const *items, size_t count)
{
    static const char *const header[] = {"SILO", "STATUS", "SCHEDULING", "ADDRESS", "INCARNATION", "VERSIONS"};
    struct table table = TABLE_INIT(6);
    table_add_header(&table, header);
    for (size_t i = 0; i < count; i++) {
        const Quark__Version__V1__SiloInfo *silo = items[i];
        char address[SHOW_ADDRESS_MAX];
        table_add(&table, silo->silo_id);
        show_status_cell(&table, silo, ",");
        show_scheduling_cell(&table, silo);
        table_add(&table, show_address(silo->address, silo->port, address));
        table_add_format(&table, "%" PRIu64, silo->incarnation);
        show_versions(&table, silo);
    }
    return table_show(&table);
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    struct options *options = data;
    Quark__Version__V1__SiloStatus statuses[STATUSES_MAX];
    const struct page_shape shape = PAGE_SHAPE(METHOD(LIST_SILOS), &quark_version_v1_list_silos_response_json_type,
                                               list_request, list_response, silos);
    list_request request;
    (void)arguments;
    quark__version__v1__list_silos_request__init(&request);
    if (options->statuses.count > STATUSES_MAX) {
        return report_usage("--status: at most %d", STATUSES_MAX);
    }
    for (size_t i = 0; i < options->statuses.count; i++) {
        int status = 0;
        enum exit_code code = read_enum_flag("--status", &quark__version__v1__silo_status__descriptor, "SILO_STATUS_",
                                             options->statuses.items[i], &status);
        if (code != EXIT_DONE) {
            return code;
        }
        statuses[i] = (Quark__Version__V1__SiloStatus)status;
    }
    request.cluster = settings->cluster;
    request.statuses = statuses;
    request.n_statuses = options->statuses.count;
    request.labels = options->labels.items;
    request.n_labels = options->labels.count;
    read_text(&request.actor_type, options->actor_type);
    read_text(&request.version_range, options->range);
    read_text(&request.zone_id, options->zone);
    return pages_ask(settings, &shape, &request.base, show);
}

const struct command command_silo_list = {
    .words = "silo list",
    .arguments = "",
    .summary = "List the silos of a cluster",
    .details = "All that match every flag, by silo id; without flags the dead ones too.\n",
    .max_arguments = 0,
    .options_size = sizeof(struct options),
    .own_flags = own_flags,
    .run = run,
};
