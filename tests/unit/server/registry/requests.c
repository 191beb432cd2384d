#include "tests/unit/server/registry/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text(const char *borrowed)
{
    union {
        const char *borrowed;
        char *text;
    } cast = {borrowed};
    return cast.text;
}

void given_silo(struct given_silo *given, const char *silo_id)
{
    memset(given, 0, sizeof *given);
    quark__version__v1__register_silo_request__init(&given->request);
    quark__version__v1__silo_info__init(&given->silo);
    given->request.silo = &given->silo;
    given->silo.silo_id = text(silo_id);
    given->silo.address = text("10.0.0.1");
    given->silo.port = 5000;
    given->silo.labels = given->labels;
    given->silo.actor_type_versions = given->versions.list;
}

void given_instance(struct given_silo *given, uint8_t number)
{
    memset(given->instance, number, sizeof given->instance);
    given->request.instance_id.data = given->instance;
    given->request.instance_id.len = sizeof given->instance;
}

void given_held(struct given_silo *given, uint64_t incarnation, const char *store_id)
{
    quark__version__v1__held_incarnation__init(&given->held);
    given->held.incarnation = incarnation;
    given->held.store_id = text(store_id);
    given->request.held = &given->held;
}

void given_lease(struct given_silo *given, int64_t ms)
{
    google__protobuf__duration__init(&given->lease);
    given->lease.seconds = ms / 1000;
    given->lease.nanos = (int32_t)(ms % 1000) * 1000000;
    given->silo.lease_ttl = &given->lease;
}

void given_label(struct given_silo *given, const char *key, const char *value)
{
    size_t i = given->silo.n_labels++;
    quark__version__v1__silo_info__labels_entry__init(&given->label[i]);
    given->label[i].key = text(key);
    given->label[i].value = text(value);
    given->labels[i] = &given->label[i];
}

static void add_type(struct given_versions *versions, const char *type, const char *version)
{
    size_t i = versions->count++;
    snprintf(versions->texts[i][0], sizeof versions->texts[i][0], "%s", type);
    snprintf(versions->texts[i][1], sizeof versions->texts[i][1], "%s", version);
    quark__version__v1__assembly_version_info__init(&versions->info[i]);
    versions->info[i].version = versions->texts[i][1];
    quark__version__v1__silo_info__actor_type_versions_entry__init(&versions->entry[i]);
    versions->entry[i].key = versions->texts[i][0];
    versions->entry[i].value = &versions->info[i];
    versions->list[i] = &versions->entry[i];
    quark__version__v1__register_silo_versions_request__actor_type_versions_entry__init(&versions->request_entry[i]);
    versions->request_entry[i].key = versions->texts[i][0];
    versions->request_entry[i].value = &versions->info[i];
    versions->request_list[i] = &versions->request_entry[i];
}

static void add_types(struct given_versions *versions, const char *types)
{
    char type[256];
    char version[256];
    int used;
    while (sscanf(types, " %255[^=]=%255[^ ]%n", type, version, &used) == 2) {
        add_type(versions, type, version);
        types += used;
    }
}

void given_types(struct given_silo *given, const char *types)
{
    add_types(&given->versions, types);
    given->silo.n_actor_type_versions = given->versions.count;
}

void given_versions(Quark__Version__V1__RegisterSiloVersionsRequest *request, struct given_versions *versions,
                    const char *silo_id, const char *types)
{
    memset(versions, 0, sizeof *versions);
    quark__version__v1__register_silo_versions_request__init(request);
    request->silo_id = text(silo_id);
    add_types(versions, types);
    request->n_actor_type_versions = versions->count;
    request->actor_type_versions = versions->request_list;
}

struct command command_register(const struct given_silo *given)
{
    return (struct command){.kind = COMMAND_REGISTER_SILO, .register_silo = &given->request};
}
