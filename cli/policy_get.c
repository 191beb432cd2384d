/* qvtctl policy get, and policy list */
#include "cli/ask.h"
#include "cli/pages.h"
#include "cli/policy_show.h"
#include "cli/session.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

typedef Quark__Version__V1__ListPoliciesRequest list_request;
typedef Quark__Version__V1__ListPoliciesResponse list_response;

static enum exit_code show(const ProtobufCMessage *message)
{
    return policy_show(((const Quark__Version__V1__GetPolicyResponse *)message)->policy);
}

static enum exit_code get(const struct settings *settings, const struct arguments *arguments, void *options)
{
    Quark__Version__V1__GetPolicyRequest request;
    (void)options;
    quark__version__v1__get_policy_request__init(&request);
    request.cluster = settings->cluster;
    request.actor_type = arguments->count > 0 ? arguments->items[0] : request.actor_type;
    return ask(settings, METHOD(GET_POLICY), &request.base, &quark_version_v1_get_policy_response_json_type, show);
}

static enum exit_code list(const struct settings *settings, const struct arguments *arguments, void *options)
{
    const struct page_shape shape =
        PAGE_SHAPE(METHOD(LIST_POLICIES), &quark_version_v1_list_policies_response_json_type, list_request,
                   list_response, policies);
    list_request request;
    (void)arguments;
    (void)options;
    quark__version__v1__list_policies_request__init(&request);
    request.cluster = settings->cluster;
    return pages_ask(settings, &shape, &request.base, policy_show_all);
}

const struct command command_policy_get = {
    .words = "policy get",
    .arguments = "[ACTOR-TYPE]",
    .summary = "Show the policy in force for an actor type, or the cluster's default",
    .details = "The type's own, else the cluster's default, else the built-in one, which has no etag.\n",
    .max_arguments = 1,
    .run = get,
};

const struct command command_policy_list = {
    .words = "policy list",
    .arguments = "",
    .summary = "List the policies that were set",
    .details = "",
    .max_arguments = 0,
    .run = list,
};
