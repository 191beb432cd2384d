/* qvtctl silo list */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "cli/json_output.h"
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
    out[count++] = (struct flag){
        "--status",         NULL, "STATUS", "joining, active, shutting_down or dead; may be repeated", FLAG_LIST,
        &options->statuses, 0};
    out[count++] = (struct flag){
        "--type", NULL, "TYPE", "only silos that serve this actor type", FLAG_TEXT, &options->actor_type, 0};
    out[count++] = (struct flag){
        "--range", NULL, "RANGE", "with --type: only at a version in this range (^2.1)", FLAG_TEXT, &options->range, 0};
    out[count++] = (struct flag){
        "--label", NULL, "KEY[=VALUE]", "only silos with this label; may be repeated", FLAG_LIST, &options->labels, 0};
    out[count++] = (struct flag){"--zone", NULL, "ZONE", "only silos of this zone", FLAG_TEXT, &options->zone, 0};
    return count;
}

/* All pages, of which the silos are shown as one list. */
struct pages {
    ProtobufCMessage **answers;
    size_t count;
    Quark__Version__V1__SiloInfo **silos;
    size_t silo_count;
};

static void free_pages(struct pages *pages)
{
    for (size_t i = 0; i < pages->count; i++) {
        session_free_answer(pages->answers[i]);
    }
    free(pages->answers);
    free(pages->silos);
}

static qvt_status add_page(struct pages *pages, ProtobufCMessage *answer)
{
    const list_response *page = (const list_response *)answer;
    ProtobufCMessage **answers = realloc(pages->answers, (pages->count + 1) * sizeof *answers);
    if (answers == NULL) {
        session_free_answer(answer);
        return QVT_NO_MEMORY;
    }
    pages->answers = answers;
    pages->answers[pages->count++] = answer;
    Quark__Version__V1__SiloInfo **silos =
        realloc(pages->silos, (pages->silo_count + page->n_silos + 1) * sizeof *silos);
    if (silos == NULL) {
        return QVT_NO_MEMORY;
    }
    pages->silos = silos;
    for (size_t i = 0; i < page->n_silos; i++) {
        pages->silos[pages->silo_count++] = page->silos[i];
    }
    return QVT_OK;
}

static qvt_status fetch(struct session *session, list_request *request, struct pages *pages, qvt_error *error)
{
    const list_response *page;
    do {
        ProtobufCMessage *answer;
        qvt_status status = session_call(session, METHOD(LIST_SILOS), &request->base,
                                         &quark__version__v1__list_silos_response__descriptor, &answer, error);
        if (status != QVT_OK) {
            return status;
        }
        status = add_page(pages, answer);
        if (status != QVT_OK) {
            return qvt_error_set(error, status, NULL, "out of memory");
        }
        page = (const list_response *)answer;
        request->page_token = page->next_page_token;
    } while (page->next_page_token[0] != '\0');
    return QVT_OK;
}

static enum exit_code show_table(const struct pages *pages)
{
    struct table table = TABLE_INIT(6);
    static const char *const header[] = {"SILO", "STATUS", "SCHEDULING", "ADDRESS", "INCARNATION", "VERSIONS"};
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
        table_add(&table, header[i]);
    }
    for (size_t i = 0; i < pages->silo_count; i++) {
        const Quark__Version__V1__SiloInfo *silo = pages->silos[i];
        char room[12], address[SHOW_ADDRESS_MAX];
        table_add(&table, silo->silo_id);
        table_add_format(&table, "%s%s%s", show_silo_status((int)silo->status, room), silo->suspect ? ",suspect" : "",
                         silo->unhealthy ? ",unhealthy" : "");
        table_add(&table, show_scheduling((int)silo->scheduling, room));
        table_add(&table, show_address(silo->address, silo->port, address));
        table_add_format(&table, "%" PRIu64, silo->incarnation);
        show_versions(&table, silo);
    }
    return table_print(&table, stdout) == QVT_OK ? EXIT_DONE : report_usage("out of memory");
}

/* The last page's answer with the silos of all: its position is the newest. */
static enum exit_code show_json(const struct pages *pages)
{
    list_response whole = *(const list_response *)pages->answers[pages->count - 1];
    whole.silos = pages->silos;
    whole.n_silos = pages->silo_count;
    return json_output(&quark_version_v1_list_silos_response_json_type, &whole.base);
}

static enum exit_code list(const struct settings *settings, list_request *request)
{
    struct session session;
    struct pages pages = {NULL, 0, NULL, 0};
    qvt_error error;
    enum exit_code code;
    if (session_open(&session, settings, &error) != QVT_OK) {
        return report_not_opened(&error);
    }
    if (fetch(&session, request, &pages, &error) != QVT_OK) {
        code = report_error(&error);
    } else {
        code = settings->json ? show_json(&pages) : show_table(&pages);
    }
    session_close(&session);
    free_pages(&pages);
    return code;
}

/* False: no such status. */
static bool read_status(const char *text, Quark__Version__V1__SiloStatus *out)
{
    const ProtobufCEnumDescriptor *type = &quark__version__v1__silo_status__descriptor;
    for (unsigned i = 1; i < type->n_values; i++) {
        char room[12];
        if (strcasecmp(text, show_silo_status(type->values[i].value, room)) == 0) {
            *out = (Quark__Version__V1__SiloStatus)type->values[i].value;
            return true;
        }
    }
    return false;
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    struct options *options = data;
    Quark__Version__V1__SiloStatus statuses[STATUSES_MAX];
    list_request request;
    (void)arguments;
    quark__version__v1__list_silos_request__init(&request);
    if (options->statuses.count > STATUSES_MAX) {
        return report_usage("--status: at most %d", STATUSES_MAX);
    }
    for (size_t i = 0; i < options->statuses.count; i++) {
        if (!read_status(options->statuses.items[i], &statuses[i])) {
            return report_usage("--status: '%.64s' is none of joining, active, shutting_down, dead",
                                options->statuses.items[i]);
        }
    }
    request.cluster = settings->cluster;
    request.statuses = statuses;
    request.n_statuses = options->statuses.count;
    request.labels = options->labels.items;
    request.n_labels = options->labels.count;
    request.actor_type = options->actor_type != NULL ? options->actor_type : request.actor_type;
    request.version_range = options->range != NULL ? options->range : request.version_range;
    request.zone_id = options->zone != NULL ? options->zone : request.zone_id;
    return list(settings, &request);
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
