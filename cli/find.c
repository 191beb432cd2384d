/* qvtctl find */
#include <inttypes.h>
#include <stdio.h>

#include "cli/ask.h"
#include "cli/read.h"
#include "cli/session.h"
#include "cli/show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

typedef Quark__Version__V1__FindCompatibleSilosRequest find_request;
typedef Quark__Version__V1__FindCompatibleSilosResponse find_response;

struct options {
    char *version;
    char *range;
    char *mode;
    char *selector;
    char *actor_id;
    uint64_t limit;
    bool explain;
    bool linearizable;
};

static size_t own_flags(void *data, struct flag *out)
{
    struct options *options = data;
    size_t count = 0;
    out[count++] = (struct flag){"--version",       NULL, "VERSION", "the caller's version; left out: any", FLAG_TEXT,
                                 &options->version, 0};
    out[count++] =
        (struct flag){"--range", NULL, "RANGE", "a range instead of a version (^2.1)", FLAG_TEXT, &options->range, 0};
    out[count++] = (struct flag){
        "--mode",       NULL, "strict|patch|minor|major|backward|range", "instead of the policy's", FLAG_TEXT,
        &options->mode, 0};
    out[count++] =
        (struct flag){"--selector",       NULL, "all|latest|minimum|closest|ramp", "instead of the policy's", FLAG_TEXT,
                      &options->selector, 0};
    out[count++] = (struct flag){"--actor-id", NULL, "ID", "the actor, for the ramp", FLAG_TEXT, &options->actor_id, 0};
    out[count++] =
        (struct flag){"--limit", NULL, "N", "at most this many; 0: all", FLAG_NUMBER, &options->limit, UINT32_MAX};
    out[count++] = (struct flag){"--explain",       NULL, NULL, "also show who was dropped by which rule", FLAG_SWITCH,
                                 &options->explain, 0};
    out[count++] = (struct flag){
        "--linearizable", NULL, NULL, "check with the store before answering", FLAG_SWITCH, &options->linearizable, 0};
    return count;
}

static enum exit_code show_dropped(const find_response *answer)
{
    static const char *const header[] = {"DROPPED", "VERSION", "RULE"};
    struct table table = TABLE_INIT(3);
    if (answer->n_dropped == 0) {
        return EXIT_DONE;
    }
    table_add_header(&table, header);
    for (size_t i = 0; i < answer->n_dropped; i++) {
        char room[12];
        table_add(&table, answer->dropped[i]->silo_id);
        table_add(&table, answer->dropped[i]->version);
        table_add(&table, show_enum(&quark__version__v1__drop_reason__descriptor, "DROP_REASON_",
                                    (int)answer->dropped[i]->reason, room));
    }
    return table_show(&table);
}

static enum exit_code show_found(const find_response *answer)
{
    static const char *const header[] = {"SILO", "VERSION", "ADDRESS", "INCARNATION", "NOTES"};
    struct table table = TABLE_INIT(5);
    table_add_header(&table, header);
    for (size_t i = 0; i < answer->n_silos; i++) {
        const Quark__Version__V1__CompatibleSilo *silo = answer->silos[i];
        char address[SHOW_ADDRESS_MAX];
        table_add(&table, silo->silo_id);
        table_add(&table, silo->version);
        table_add(&table, show_address(silo->address, silo->port, address));
        table_add_format(&table, "%" PRIu64, silo->incarnation);
        table_add_styled(&table, STYLE_WARNING, "%s%s%s", silo->suspect ? "suspect" : "",
                         silo->suspect && silo->unhealthy ? "," : "", silo->unhealthy ? "unhealthy" : "");
    }
    return table_show(&table);
}

static enum exit_code show(const ProtobufCMessage *message)
{
    const find_response *answer = (const find_response *)message;
    char room[12];
    enum exit_code code = EXIT_DONE;
    if (answer->n_silos > 0) {
        code = show_found(answer);
    } else {
        printf("none: %s\n", show_enum(&quark__version__v1__empty_reason__descriptor, "EMPTY_REASON_",
                                       (int)answer->empty_reason, room));
    }
    return code == EXIT_DONE ? show_dropped(answer) : code;
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    struct options *options = data;
    find_request request;
    int mode = 0, selector = 0;
    enum exit_code code = read_enum_flag("--mode", &quark__version__v1__compatibility_mode__descriptor,
                                         "COMPATIBILITY_MODE_", options->mode, &mode);
    if (code == EXIT_DONE) {
        code = read_enum_flag("--selector", &quark__version__v1__selector__descriptor, "SELECTOR_", options->selector,
                              &selector);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    quark__version__v1__find_compatible_silos_request__init(&request);
    request.cluster = settings->cluster;
    request.actor_type = arguments->items[0];
    read_text(&request.version, options->version);
    read_text(&request.range, options->range);
    read_text(&request.actor_id, options->actor_id);
    request.mode = (Quark__Version__V1__CompatibilityMode)mode;
    request.selector = (Quark__Version__V1__Selector)selector;
    request.limit = (uint32_t)options->limit;
    request.explain = options->explain;
    request.linearizable = options->linearizable;
    return ask(settings, METHOD(FIND_COMPATIBLE_SILOS), &request.base,
               &quark_version_v1_find_compatible_silos_response_json_type, show);
}

const struct command command_find = {
    .words = "find",
    .arguments = "ACTOR-TYPE",
    .summary = "Find the silos that can serve an actor type",
    .details = "Best match first; suspect and unhealthy silos last. Finding none is no error and says why.\n"
               "example: qvtctl find Order --version 2.1.0 --mode backward --explain\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .options_size = sizeof(struct options),
    .own_flags = own_flags,
    .run = run,
};
