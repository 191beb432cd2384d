/* qvtctl silo get */
#include "cli/ask.h"
#include "cli/session.h"
#include "cli/silo_show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

static enum exit_code show(const ProtobufCMessage *message)
{
    return silo_show(((const Quark__Version__V1__GetSiloResponse *)message)->silo);
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
