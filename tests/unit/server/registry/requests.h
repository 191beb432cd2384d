/* Requests for tests: filled with what is valid, then bent. Texts are borrowed for as long as the request lives. */
#ifndef QVT_TESTS_UNIT_SERVER_REGISTRY_REQUESTS_H
#define QVT_TESTS_UNIT_SERVER_REGISTRY_REQUESTS_H

#include "quark/version/v1/version_tracker.pb-c.h"
#include "server/registry/command.h"

#define REQUEST_ENTRIES 64u

/* The struct must not move once filled. */
struct given_versions {
    Quark__Version__V1__AssemblyVersionInfo info[REQUEST_ENTRIES];
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry entry[REQUEST_ENTRIES];
    Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *list[REQUEST_ENTRIES];
    Quark__Version__V1__RegisterSiloVersionsRequest__ActorTypeVersionsEntry request_entry[REQUEST_ENTRIES];
    Quark__Version__V1__RegisterSiloVersionsRequest__ActorTypeVersionsEntry *request_list[REQUEST_ENTRIES];
    size_t count;
    char texts[REQUEST_ENTRIES][2][300];
};

struct given_silo {
    Quark__Version__V1__RegisterSiloRequest request;
    Quark__Version__V1__SiloInfo silo;
    Quark__Version__V1__HeldIncarnation held;
    Google__Protobuf__Duration lease;
    Quark__Version__V1__SiloInfo__LabelsEntry label[REQUEST_ENTRIES];
    Quark__Version__V1__SiloInfo__LabelsEntry *labels[REQUEST_ENTRIES];
    struct given_versions versions;
    uint8_t instance[16];
};

/* A char * for a field of a request. */
char *text(const char *borrowed);

/* A registration of the silo at 10.0.0.1:5000, nothing else set. */
void given_silo(struct given_silo *given, const char *silo_id);

/* The process with this number: its instance id is 16 bytes of it. */
void given_instance(struct given_silo *given, uint8_t number);
void given_held(struct given_silo *given, uint64_t incarnation, const char *store_id);
void given_lease(struct given_silo *given, int64_t ms);
void given_label(struct given_silo *given, const char *key, const char *value);

/* `Order=1.0.0 Cart=2.1`: each actor type with its version. */
void given_types(struct given_silo *given, const char *types);

/* A RegisterSiloVersions request for the silo. */
void given_versions(Quark__Version__V1__RegisterSiloVersionsRequest *request, struct given_versions *versions,
                    const char *silo_id, const char *types);

struct command command_register(const struct given_silo *given);

#endif
