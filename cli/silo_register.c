/* qvtctl silo register */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/ask.h"
#include "cli/audit.h"
#include "cli/read.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

typedef Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry version_entry;

struct options {
    struct flag_list types;
    struct flag_list labels;
    char *address;
    uint64_t port;
    uint32_t ttl_ms;
    char *region;
    char *zone;
    char *build;
    struct audit audit;
};

static size_t own_flags(void *data, struct flag *out)
{
    struct options *options = data;
    size_t count = 0;
    out[count++] = (struct flag){
        "--type", NULL, "TYPE=VERSION", "an actor type it serves; may be repeated", FLAG_LIST, &options->types, 0};
    out[count++] = (struct flag){"--address", NULL, "ADDR", "where callers reach it", FLAG_TEXT, &options->address, 0};
    out[count++] = (struct flag){"--port", NULL, "PORT", "and at which port", FLAG_NUMBER, &options->port, 65535};
    out[count++] = (struct flag){
        "--ttl",          NULL, "DURATION", "how long it counts as alive without a heartbeat (15s)", FLAG_DURATION,
        &options->ttl_ms, 0};
    out[count++] =
        (struct flag){"--label", NULL, "KEY=VALUE", "a label; may be repeated", FLAG_LIST, &options->labels, 0};
    out[count++] = (struct flag){"--region", NULL, "REGION", "its region", FLAG_TEXT, &options->region, 0};
    out[count++] = (struct flag){"--zone", NULL, "ZONE", "its zone", FLAG_TEXT, &options->zone, 0};
    out[count++] = (struct flag){"--build", NULL, "ID", "its build", FLAG_TEXT, &options->build, 0};
    return count + audit_flags(&options->audit, out + count);
}

/* What the request's maps point into. */
struct maps {
    version_entry *versions;
    version_entry **version_list;
    Quark__Version__V1__AssemblyVersionInfo *infos;
    struct labels labels;
};

static void free_maps(struct maps *maps)
{
    free(maps->versions);
    free(maps->version_list);
    free(maps->infos);
    labels_deinit(&maps->labels);
}

static bool allocate_maps(struct maps *maps, const struct options *options)
{
    maps->versions = calloc(options->types.count + 1, sizeof *maps->versions);
    maps->version_list = calloc(options->types.count + 1, sizeof *maps->version_list);
    maps->infos = calloc(options->types.count + 1, sizeof *maps->infos);
    return labels_init(&maps->labels, options->labels.count) && maps->versions != NULL && maps->version_list != NULL &&
           maps->infos != NULL;
}

/* A version has no '=', an actor type may. */
static enum exit_code fill_versions(Quark__Version__V1__SiloInfo *silo, struct maps *maps,
                                    const struct flag_list *types)
{
    for (size_t i = 0; i < types->count; i++) {
        char *version = read_pair(types->items[i], true);
        if (version == NULL) {
            return report_usage("--type: '%.64s' is not TYPE=VERSION", types->items[i]);
        }
        quark__version__v1__silo_info__actor_type_versions_entry__init(&maps->versions[i]);
        quark__version__v1__assembly_version_info__init(&maps->infos[i]);
        maps->infos[i].version = version;
        maps->versions[i].key = types->items[i];
        maps->versions[i].value = &maps->infos[i];
        maps->version_list[i] = &maps->versions[i];
    }
    silo->actor_type_versions = maps->version_list;
    silo->n_actor_type_versions = types->count;
    return EXIT_DONE;
}

static enum exit_code fill_labels(Quark__Version__V1__SiloInfo *silo, struct maps *maps, const struct flag_list *labels)
{
    enum exit_code code = labels_read(&maps->labels, labels);
    silo->labels = maps->labels.list;
    silo->n_labels = maps->labels.count;
    return code;
}

static enum exit_code show(const ProtobufCMessage *message)
{
    const Quark__Version__V1__SiloInfo *silo = ((const Quark__Version__V1__RegisterSiloResponse *)message)->silo;
    char room[24];
    if (silo == NULL || silo->lease_ttl == NULL) {
        return EXIT_DONE;
    }
    uint64_t ttl_ms = (uint64_t)silo->lease_ttl->seconds * 1000 + (uint64_t)(silo->lease_ttl->nanos / 1000000);
    printf("registered, incarnation %" PRIu64 ", alive for %s without a heartbeat\n", silo->incarnation,
           show_milliseconds(ttl_ms, room));
    return EXIT_DONE;
}

static enum exit_code send(const struct settings *settings, Quark__Version__V1__SiloInfo *silo,
                           const struct options *options)
{
    Quark__Version__V1__RegisterSiloRequest request;
    Google__Protobuf__Duration ttl;
    quark__version__v1__register_silo_request__init(&request);
    google__protobuf__duration__init(&ttl);
    ttl.seconds = options->ttl_ms / 1000;
    ttl.nanos = (int32_t)(options->ttl_ms % 1000) * 1000000;
    silo->lease_ttl = options->ttl_ms > 0 ? &ttl : NULL;
    request.cluster = settings->cluster;
    request.silo = silo;
    AUDIT_FILL(&request, &options->audit);
    return ask(settings, METHOD(REGISTER_SILO), &request.base, &quark_version_v1_register_silo_response_json_type,
               show);
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    struct options *options = data;
    struct maps maps = {NULL, NULL, NULL, {NULL, NULL, 0}};
    Quark__Version__V1__SiloInfo silo;
    quark__version__v1__silo_info__init(&silo);
    silo.silo_id = arguments->items[0];
    silo.port = (uint32_t)options->port;
    read_text(&silo.address, options->address);
    read_text(&silo.region_id, options->region);
    read_text(&silo.zone_id, options->zone);
    read_text(&silo.build_id, options->build);
    enum exit_code code = allocate_maps(&maps, options) ? EXIT_DONE : report_no_memory();
    code = code == EXIT_DONE ? fill_versions(&silo, &maps, &options->types) : code;
    code = code == EXIT_DONE ? fill_labels(&silo, &maps, &options->labels) : code;
    code = code == EXIT_DONE ? send(settings, &silo, options) : code;
    free_maps(&maps);
    return code;
}

const struct command command_silo_register = {
    .words = "silo register",
    .arguments = "SILO-ID",
    .summary = "Register a silo with the versions it serves",
    .details =
        "Replaces what the silo owns when it is registered already. Nobody renews its lease: after the TTL it is\n"
        "DEAD unless something sends heartbeats (qvtctl heartbeat).\n"
        "example: qvtctl silo register orders-1 --address 10.0.0.5 --port 11111 --type Order=2.1.0 --ttl 10m\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .options_size = sizeof(struct options),
    .own_flags = own_flags,
    .run = run,
};
