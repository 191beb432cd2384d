/* qvtctl silo unregister */
#include <stdio.h>

#include "cli/ask.h"
#include "cli/audit.h"
#include "cli/session.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

static size_t own_flags(void *data, struct flag *out)
{
    return audit_flags(data, out);
}

static enum exit_code show(const ProtobufCMessage *message)
{
    const Quark__Version__V1__UnregisterSiloResponse *answer =
        (const Quark__Version__V1__UnregisterSiloResponse *)message;
    puts(answer->silo != NULL ? "unregistered" : "nothing to do: the silo is unknown");
    return EXIT_DONE;
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    const struct audit *audit = data;
    Quark__Version__V1__UnregisterSiloRequest request;
    quark__version__v1__unregister_silo_request__init(&request);
    request.cluster = settings->cluster;
    request.silo_id = arguments->items[0];
    AUDIT_FILL(&request, audit);
    return ask(settings, METHOD(UNREGISTER_SILO), &request.base, &quark_version_v1_unregister_silo_response_json_type,
               show);
}

const struct command command_silo_unregister = {
    .words = "silo unregister",
    .arguments = "SILO-ID",
    .summary = "Take a silo out of the cluster at once",
    .details = "The silo becomes DEAD. An unknown or dead silo is no error: nothing changes.\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .options_size = sizeof(struct audit),
    .own_flags = own_flags,
    .run = run,
};
