/* qvtctl capabilities */
#include <inttypes.h>

#include "cli/ask.h"
#include "cli/pages.h"
#include "cli/session.h"
#include "cli/show.h"
#include "qvt/quark/version/v1/version_tracker.json.h"

typedef Quark__Version__V1__ListSiloCapabilitiesRequest list_request;
typedef Quark__Version__V1__ListSiloCapabilitiesResponse list_response;

static void add_version(struct table *table, const char *silo_id, const char *actor_type,
                        const Quark__Version__V1__AssemblyVersionInfo *info)
{
    table_add(table, silo_id);
    table_add(table, actor_type);
    table_add(table, info != NULL ? info->version : "");
    table_add(table, info != NULL ? info->assembly_name : "");
    table_add(table, info != NULL ? info->build_id : "");
    if (info != NULL &&
        info->_contract_fingerprint_case != QUARK__VERSION__V1__ASSEMBLY_VERSION_INFO___CONTRACT_FINGERPRINT__NOT_SET) {
        table_add_format(table, "%016" PRIx64, info->contract_fingerprint);
    } else {
        table_add(table, "");
    }
}

static enum exit_code show_all(void *const *items, size_t count)
{
    static const char *const header[] = {"SILO", "TYPE", "VERSION", "ASSEMBLY", "BUILD", "FINGERPRINT"};
    struct table table = TABLE_INIT(6);
    table_add_header(&table, header);
    for (size_t i = 0; i < count; i++) {
        const Quark__Version__V1__SiloCapabilities *silo = items[i];
        for (size_t j = 0; j < silo->n_actor_type_versions; j++) {
            add_version(&table, silo->silo_id, silo->actor_type_versions[j]->key, silo->actor_type_versions[j]->value);
        }
    }
    return table_show(&table);
}

static enum exit_code show_one(const ProtobufCMessage *message)
{
    const Quark__Version__V1__GetSiloCapabilitiesResponse *answer =
        (const Quark__Version__V1__GetSiloCapabilitiesResponse *)message;
    void *only = answer->capabilities;
    return show_all(&only, only != NULL ? 1 : 0);
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *options)
{
    (void)options;
    if (arguments->count == 0) {
        const struct page_shape shape =
            PAGE_SHAPE(METHOD(LIST_SILO_CAPABILITIES), &quark_version_v1_list_silo_capabilities_response_json_type,
                       list_request, list_response, capabilities);
        list_request request;
        quark__version__v1__list_silo_capabilities_request__init(&request);
        request.cluster = settings->cluster;
        return pages_ask(settings, &shape, &request.base, show_all);
    }
    Quark__Version__V1__GetSiloCapabilitiesRequest request;
    quark__version__v1__get_silo_capabilities_request__init(&request);
    request.cluster = settings->cluster;
    request.silo_id = arguments->items[0];
    return ask(settings, METHOD(GET_SILO_CAPABILITIES), &request.base,
               &quark_version_v1_get_silo_capabilities_response_json_type, show_one);
}

const struct command command_capabilities = {
    .words = "capabilities",
    .arguments = "[SILO-ID]",
    .summary = "Show which versions one silo, or every active silo, serves",
    .details = "A silo that is unknown, or has no versions, is exit code 3.\n",
    .max_arguments = 1,
    .run = run,
};
