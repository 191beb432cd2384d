/* qvtctl silo update */
#include <stdlib.h>

#include "cli/audit.h"
#include "cli/json_output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/silo_show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

#define PATHS_MAX 5
#define NOT_GIVEN UINT64_MAX

typedef Quark__Version__V1__UpdateSiloRequest update_request;

struct options {
    char *status;
    char *scheduling;
    char *address;
    uint64_t port;
    struct flag_list labels;
    struct flag_list removed;
    struct audit audit;
};

static size_t own_flags(void *data, struct flag *out)
{
    struct options *options = data;
    size_t count = 0;
    options->port = NOT_GIVEN;
    out[count++] = (struct flag){
        "--status",       NULL, "joining|active|shutting_down|dead", "its place in life; only forward", FLAG_TEXT,
        &options->status, 0};
    out[count++] = (struct flag){
        "--scheduling",       NULL, "schedulable|staged|cordoned|draining", "what it may be given", FLAG_TEXT,
        &options->scheduling, 0};
    out[count++] =
        (struct flag){"--label", NULL, "KEY=VALUE", "sets a label; may be repeated", FLAG_LIST, &options->labels, 0};
    out[count++] = (struct flag){"--remove-label",  NULL, "KEY", "removes a label; may be repeated", FLAG_LIST,
                                 &options->removed, 0};
    out[count++] = (struct flag){"--address", NULL, "ADDR", "where callers reach it", FLAG_TEXT, &options->address, 0};
    out[count++] = (struct flag){"--port", NULL, "PORT", "and at which port", FLAG_NUMBER, &options->port, 65535};
    return count + audit_flags(&options->audit, out + count);
}

/* The request with what it points into. */
struct update {
    update_request request;
    Quark__Version__V1__SiloInfo silo;
    Google__Protobuf__FieldMask mask;
    char *paths[PATHS_MAX];
    struct labels labels;
    ProtobufCMessage *before; /* the silo as it was read; NULL: it was not */
};

static void add_path(struct update *update, const char *path)
{
    /* protobuf-c's texts are not const; it only reads them. */
    update->paths[update->mask.n_paths++] = (char *)(uintptr_t)path;
}

static enum exit_code fill(struct update *update, const struct options *options)
{
    int status = 0, scheduling = 0;
    enum exit_code code = read_enum_flag("--status", &quark__version__v1__silo_status__descriptor, "SILO_STATUS_",
                                         options->status, &status);
    if (code == EXIT_DONE) {
        code = read_enum_flag("--scheduling", &quark__version__v1__scheduling__descriptor, "SCHEDULING_",
                              options->scheduling, &scheduling);
    }
    update->silo.status = (Quark__Version__V1__SiloStatus)status;
    update->silo.scheduling = (Quark__Version__V1__Scheduling)scheduling;
    read_text(&update->silo.address, options->address);
    if (status != 0) {
        add_path(update, "status");
    }
    if (scheduling != 0) {
        add_path(update, "scheduling");
    }
    if (options->address != NULL) {
        add_path(update, "address");
    }
    if (options->port != NOT_GIVEN) {
        update->silo.port = (uint32_t)options->port;
        add_path(update, "port");
    }
    return code;
}

static void init(struct update *update, const struct settings *settings, char *silo_id, const struct options *options)
{
    quark__version__v1__update_silo_request__init(&update->request);
    quark__version__v1__silo_info__init(&update->silo);
    google__protobuf__field_mask__init(&update->mask);
    update->mask.paths = update->paths;
    update->request.cluster = settings->cluster;
    update->request.silo_id = silo_id;
    update->request.silo = &update->silo;
    update->request.update_mask = &update->mask;
    update->before = NULL;
    update->labels = (struct labels){NULL, NULL, 0};
    AUDIT_FILL(&update->request, &options->audit);
}

/* The silo as it is. */
static qvt_status read_silo(struct session *session, struct update *update, qvt_error *error)
{
    Quark__Version__V1__GetSiloRequest request;
    quark__version__v1__get_silo_request__init(&request);
    request.cluster = update->request.cluster;
    request.silo_id = update->request.silo_id;
    return session_call(session, METHOD(GET_SILO), &request.base, &quark__version__v1__get_silo_response__descriptor,
                        &update->before, error);
}

/* Labels are replaced as a whole, so that what was read is changed, and only that is overwritten. */
static enum exit_code merge_labels(struct update *update, const struct options *options)
{
    const Quark__Version__V1__SiloInfo *before = ((const Quark__Version__V1__GetSiloResponse *)update->before)->silo;
    size_t count = before != NULL ? before->n_labels : 0;
    if (!labels_init(&update->labels, count + options->labels.count)) {
        return report_no_memory();
    }
    for (size_t i = 0; i < count; i++) {
        labels_set(&update->labels, before->labels[i]->key, before->labels[i]->value);
    }
    enum exit_code code = labels_read(&update->labels, &options->labels);
    for (size_t i = 0; i < options->removed.count; i++) {
        labels_remove(&update->labels, options->removed.items[i]);
    }
    if (before != NULL && options->audit.if_match == NULL) {
        update->request.if_match = before->etag;
    }
    update->silo.labels = update->labels.list;
    update->silo.n_labels = update->labels.count;
    add_path(update, "labels");
    return code;
}

static enum exit_code send(struct session *session, struct update *update)
{
    ProtobufCMessage *answer;
    qvt_error error;
    if (session_call(session, METHOD(UPDATE_SILO), &update->request.base,
                     &quark__version__v1__update_silo_response__descriptor, &answer, &error) != QVT_OK) {
        return report_error(&error);
    }
    enum exit_code code = session->settings->json
                              ? json_output(&quark_version_v1_update_silo_response_json_type, answer)
                              : silo_show(((const Quark__Version__V1__UpdateSiloResponse *)answer)->silo);
    session_free_answer(answer);
    return code;
}

static enum exit_code update_on(struct session *session, struct update *update, const struct options *options)
{
    qvt_error error;
    if (options->labels.count + options->removed.count > 0) {
        if (read_silo(session, update, &error) != QVT_OK) {
            return report_error(&error);
        }
        enum exit_code code = merge_labels(update, options);
        if (code != EXIT_DONE) {
            return code;
        }
    }
    return send(session, update);
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    const struct options *options = data;
    struct update update;
    struct session session;
    qvt_error error;
    init(&update, settings, arguments->items[0], options);
    enum exit_code code = fill(&update, options);
    if (code != EXIT_DONE) {
        return code;
    }
    if (update.mask.n_paths + options->labels.count + options->removed.count == 0) {
        return report_usage("nothing to update: give --scheduling, --status, --label, --address or --port");
    }
    if (session_open(&session, settings, &error) != QVT_OK) {
        return report_not_opened(&error);
    }
    code = update_on(&session, &update, options);
    session_close(&session);
    labels_deinit(&update.labels);
    session_free_answer(update.before);
    return code;
}

const struct command command_silo_update = {
    .words = "silo update",
    .arguments = "SILO-ID",
    .summary = "Change status, scheduling, labels or address of a silo",
    .details = "Only what a flag names changes. Labels are read, changed and written back, guarded by the etag.\n"
               "example: qvtctl silo update orders-1 --scheduling cordoned --label rack=7 --why 'disk is failing'\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .options_size = sizeof(struct options),
    .own_flags = own_flags,
    .run = run,
};
