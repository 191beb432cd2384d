/* qvtctl policy set, and policy delete */
#include <stdio.h>

#include "cli/ask.h"
#include "cli/audit.h"
#include "cli/policy_show.h"
#include "cli/report.h"
#include "cli/session.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

#define BASIS_POINTS_MAX 10000
#define NOT_GIVEN UINT64_MAX

struct options {
    char *mode;
    char *selector;
    char *range;
    char *ramp_version;
    uint64_t ramp_basis_points;
    uint64_t min_ready;
    struct audit audit;
};

static size_t set_flags(void *data, struct flag *out)
{
    struct options *options = data;
    size_t count = 0;
    options->min_ready = options->ramp_basis_points = NOT_GIVEN;
    out[count++] = (struct flag){"--mode",
                                 NULL,
                                 "strict|patch|minor|major|backward|range",
                                 "when a version serves another (strict)",
                                 FLAG_TEXT,
                                 &options->mode,
                                 0};
    out[count++] = (struct flag){"--selector",
                                 NULL,
                                 "all|latest|minimum|closest|ramp",
                                 "which compatible silos are offered (all)",
                                 FLAG_TEXT,
                                 &options->selector,
                                 0};
    out[count++] =
        (struct flag){"--range",       NULL, "RANGE", "for the mode range, when a request names none (^2.1)", FLAG_TEXT,
                      &options->range, 0};
    out[count++] =
        (struct flag){"--ramp-version",       NULL, "VERSION", "for the selector ramp: the new version", FLAG_TEXT,
                      &options->ramp_version, 0};
    out[count++] = (struct flag){"--ramp-basis-points",
                                 NULL,
                                 "N",
                                 "and its share, 0 to 10000 basis points",
                                 FLAG_NUMBER,
                                 &options->ramp_basis_points,
                                 BASIS_POINTS_MAX};
    out[count++] = (struct flag){
        "--min-ready",       NULL,      "N", "how many eligible silos of a version are enough (2)", FLAG_NUMBER,
        &options->min_ready, UINT32_MAX};
    return count + audit_flags(&options->audit, out + count);
}

static enum exit_code show_set(const ProtobufCMessage *message)
{
    return policy_show(((const Quark__Version__V1__SetPolicyResponse *)message)->policy);
}

static enum exit_code fill(Quark__Version__V1__Policy *policy, Quark__Version__V1__Ramp *ramp,
                           const struct options *options)
{
    int mode = 0, selector = 0;
    enum exit_code code = read_enum_flag("--mode", &quark__version__v1__compatibility_mode__descriptor,
                                         "COMPATIBILITY_MODE_", options->mode, &mode);
    if (code == EXIT_DONE) {
        code = read_enum_flag("--selector", &quark__version__v1__selector__descriptor, "SELECTOR_", options->selector,
                              &selector);
    }
    policy->mode = (Quark__Version__V1__CompatibilityMode)mode;
    policy->selector = (Quark__Version__V1__Selector)selector;
    read_text(&policy->range, options->range);
    bool has_share = options->ramp_basis_points != NOT_GIVEN;
    if (code == EXIT_DONE && has_share && options->ramp_version == NULL) {
        code = report_usage("--ramp-basis-points: of which version? give --ramp-version too");
    }
    if (options->ramp_version != NULL) {
        ramp->target_version = options->ramp_version;
        ramp->basis_points = has_share ? (uint32_t)options->ramp_basis_points : 0;
        policy->ramp = ramp;
    }
    if (options->min_ready != NOT_GIVEN) {
        policy->_min_ready_case = QUARK__VERSION__V1__POLICY___MIN_READY_MIN_READY;
        policy->min_ready = (uint32_t)options->min_ready;
    }
    return code;
}

static enum exit_code set(const struct settings *settings, const struct arguments *arguments, void *data)
{
    const struct options *options = data;
    Quark__Version__V1__SetPolicyRequest request;
    Quark__Version__V1__Policy policy;
    Quark__Version__V1__Ramp ramp;
    quark__version__v1__set_policy_request__init(&request);
    quark__version__v1__policy__init(&policy);
    quark__version__v1__ramp__init(&ramp);
    enum exit_code code = fill(&policy, &ramp, options);
    if (code != EXIT_DONE) {
        return code;
    }
    request.cluster = settings->cluster;
    request.actor_type = arguments->count > 0 ? arguments->items[0] : request.actor_type;
    request.policy = &policy;
    AUDIT_FILL(&request, &options->audit);
    return ask(settings, METHOD(SET_POLICY), &request.base, &quark_version_v1_set_policy_response_json_type, show_set);
}

static size_t delete_flags(void *data, struct flag *out)
{
    return audit_flags(data, out);
}

static enum exit_code show_deleted(const ProtobufCMessage *message)
{
    (void)message;
    puts("deleted");
    return EXIT_DONE;
}

static enum exit_code delete (const struct settings *settings, const struct arguments *arguments, void *data) {
    const struct audit *audit = data; Quark__Version__V1__DeletePolicyRequest request;
    quark__version__v1__delete_policy_request__init(&request);
    request.cluster = settings->cluster;
    request.actor_type = arguments->count > 0 ? arguments->items[0] : request.actor_type;
    AUDIT_FILL(&request, audit);
    return ask(settings, METHOD(DELETE_POLICY), &request.base, &quark_version_v1_delete_policy_response_json_type,
               show_deleted);
}

const struct command command_policy_set = {
    .words = "policy set",
    .arguments = "[ACTOR-TYPE]",
    .summary = "Set the policy of an actor type, or the cluster's default",
    .details = "Replaces it as a whole: what no flag names gets its default.\n"
               "example: qvtctl policy set Order --mode backward --why 'additive changes only'\n",
    .max_arguments = 1,
    .options_size = sizeof(struct options),
    .own_flags = set_flags,
    .run = set,
};

const struct command command_policy_delete = {
    .words = "policy delete",
    .arguments = "[ACTOR-TYPE]",
    .summary = "Delete the policy of an actor type, or the cluster's default",
    .details =
        "The cluster's default rules again; without one, STRICT and ALL. One that was not set is no error: nothing\n"
        "changes.\n",
    .max_arguments = 1,
    .options_size = sizeof(struct audit),
    .own_flags = delete_flags,
    .run = delete,
};
