/* qvtctl heartbeat */
#include <inttypes.h>
#include <stdio.h>

#include "cli/ask.h"
#include "cli/session.h"
#include "cli/show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

struct options {
    struct flag_decimal cpu;
    struct flag_decimal memory;
    struct flag_decimal latency;
    uint64_t incarnation;
};

static size_t own_flags(void *data, struct flag *out)
{
    struct options *options = data;
    size_t count = 0;
    out[count++] =
        (struct flag){"--cpu", NULL, "PERCENT", "report so much of the CPU in use", FLAG_DECIMAL, &options->cpu, 0};
    out[count++] = (struct flag){"--memory",       NULL, "PERCENT", "report so much of the memory in use", FLAG_DECIMAL,
                                 &options->memory, 0};
    out[count++] = (struct flag){"--latency",       NULL, "MS", "report such a latency in milliseconds", FLAG_DECIMAL,
                                 &options->latency, 0};
    out[count++] = (struct flag){
        "--incarnation",       NULL,      "N", "only for this incarnation; 0: the current one", FLAG_NUMBER,
        &options->incarnation, UINT64_MAX};
    return count;
}

static enum exit_code show(const ProtobufCMessage *message)
{
    const Quark__Version__V1__HeartbeatResponse *answer = (const Quark__Version__V1__HeartbeatResponse *)message;
    char room[24];
    printf("renewed, incarnation %" PRIu64 ", alive for %s without another\n", answer->incarnation,
           show_milliseconds(answer->lease_remaining_ms, room));
    return EXIT_DONE;
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    const struct options *options = data;
    Quark__Version__V1__HeartbeatRequest request;
    Quark__Version__V1__Health health;
    quark__version__v1__heartbeat_request__init(&request);
    quark__version__v1__health__init(&health);
    request.cluster = settings->cluster;
    request.silo_id = arguments->items[0];
    request.incarnation = options->incarnation;
    if (options->cpu.is_given || options->memory.is_given || options->latency.is_given) {
        health.cpu_percent = options->cpu.value;
        health.memory_percent = options->memory.value;
        health.latency_ms = options->latency.value;
        request.health = &health;
    }
    return ask(settings, METHOD(HEARTBEAT), &request.base, &quark_version_v1_heartbeat_response_json_type, show);
}

const struct command command_heartbeat = {
    .words = "heartbeat",
    .arguments = "SILO-ID",
    .summary = "Renew the lease of a silo, once",
    .details = "With one of the three measures the others count as 0. Too late is exit code 3: register it again.\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .options_size = sizeof(struct options),
    .own_flags = own_flags,
    .run = run,
};
