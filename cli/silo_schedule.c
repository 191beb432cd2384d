/* qvtctl silo cordon, stage, drain and uncordon: silo update --scheduling, by name */
#include "cli/ask.h"
#include "cli/audit.h"
#include "cli/session.h"
#include "cli/silo_show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

static size_t own_flags(void *data, struct flag *out)
{
    return audit_flags(data, out);
}

static enum exit_code show(const ProtobufCMessage *message)
{
    return silo_show(((const Quark__Version__V1__UpdateSiloResponse *)message)->silo);
}

static enum exit_code schedule(const struct settings *settings, const struct arguments *arguments,
                               const struct audit *audit, Quark__Version__V1__Scheduling scheduling)
{
    Quark__Version__V1__UpdateSiloRequest request;
    Quark__Version__V1__SiloInfo silo;
    Google__Protobuf__FieldMask mask;
    char path[] = "scheduling";
    char *paths[] = {path};
    quark__version__v1__update_silo_request__init(&request);
    quark__version__v1__silo_info__init(&silo);
    google__protobuf__field_mask__init(&mask);
    mask.paths = paths;
    mask.n_paths = 1;
    silo.scheduling = scheduling;
    request.cluster = settings->cluster;
    request.silo_id = arguments->items[0];
    request.silo = &silo;
    request.update_mask = &mask;
    AUDIT_FILL(&request, audit);
    return ask(settings, METHOD(UPDATE_SILO), &request.base, &quark_version_v1_update_silo_response_json_type, show);
}

static enum exit_code cordon(const struct settings *settings, const struct arguments *arguments, void *data)
{
    return schedule(settings, arguments, data, QUARK__VERSION__V1__SCHEDULING__SCHEDULING_CORDONED);
}

static enum exit_code stage(const struct settings *settings, const struct arguments *arguments, void *data)
{
    return schedule(settings, arguments, data, QUARK__VERSION__V1__SCHEDULING__SCHEDULING_STAGED);
}

static enum exit_code drain(const struct settings *settings, const struct arguments *arguments, void *data)
{
    return schedule(settings, arguments, data, QUARK__VERSION__V1__SCHEDULING__SCHEDULING_DRAINING);
}

static enum exit_code uncordon(const struct settings *settings, const struct arguments *arguments, void *data)
{
    return schedule(settings, arguments, data, QUARK__VERSION__V1__SCHEDULING__SCHEDULING_SCHEDULABLE);
}

const struct command command_silo_cordon = {
    .words = "silo cordon",
    .arguments = "SILO-ID",
    .summary = "Give a silo nothing new; it keeps what it has",
    .details = "Stays with the silo id, also when it registers again, until uncordon.\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .options_size = sizeof(struct audit),
    .own_flags = own_flags,
    .run = cordon,
};

const struct command command_silo_stage = {
    .words = "silo stage",
    .arguments = "SILO-ID",
    .summary = "Let a silo answer only requests for exactly its version",
    .details = "Stays with the silo id, also when it registers again, until uncordon.\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .options_size = sizeof(struct audit),
    .own_flags = own_flags,
    .run = stage,
};

const struct command command_silo_drain = {
    .words = "silo drain",
    .arguments = "SILO-ID",
    .summary = "Mark a silo as being emptied; it gets nothing new",
    .details = "Ends with its incarnation: the silo is schedulable when it starts again.\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .options_size = sizeof(struct audit),
    .own_flags = own_flags,
    .run = drain,
};

const struct command command_silo_uncordon = {
    .words = "silo uncordon",
    .arguments = "SILO-ID",
    .summary = "Let a silo be given actors again",
    .details = "Also ends staging and draining.\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .options_size = sizeof(struct audit),
    .own_flags = own_flags,
    .run = uncordon,
};
