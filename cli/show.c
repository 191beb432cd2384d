#include "cli/show.h"

#include <stdio.h>
#include <string.h>

const char *show_enum(const ProtobufCEnumDescriptor *type, const char *prefix, int value, char *room)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    if (found == NULL) {
        snprintf(room, 12, "%d", value);
        return room;
    }
    size_t len = strlen(prefix);
    return strncmp(found->name, prefix, len) == 0 ? found->name + len : found->name;
}

const char *show_silo_status(int status, char *room)
{
    return show_enum(&quark__version__v1__silo_status__descriptor, "SILO_STATUS_", status, room);
}

const char *show_scheduling(int scheduling, char *room)
{
    return show_enum(&quark__version__v1__scheduling__descriptor, "SCHEDULING_", scheduling, room);
}

static qvt_status join_versions(struct buf *out, const Quark__Version__V1__SiloInfo *silo)
{
    qvt_status status = buf_append_text(out, "");
    for (size_t i = 0; i < silo->n_actor_type_versions && status == QVT_OK; i++) {
        const Quark__Version__V1__SiloInfo__ActorTypeVersionsEntry *entry = silo->actor_type_versions[i];
        status =
            buf_printf(out, "%s%s=%s", i > 0 ? "," : "", entry->key, entry->value != NULL ? entry->value->version : "");
    }
    return status == QVT_OK ? buf_append_byte(out, '\0') : status;
}

void show_versions(struct table *table, const Quark__Version__V1__SiloInfo *silo)
{
    struct buf text = BUF_INIT;
    qvt_status status = join_versions(&text, silo);
    if (status == QVT_OK) {
        table_add(table, (const char *)text.data);
    } else {
        table->status = status;
    }
    buf_deinit(&text);
}

const char *show_address(const char *address, uint32_t port, char *room)
{
    bool is_v6 = strchr(address, ':') != NULL;
    snprintf(room, SHOW_ADDRESS_MAX, "%s%s%s:%u", is_v6 ? "[" : "", address, is_v6 ? "]" : "", (unsigned)port);
    return room;
}

const char *show_milliseconds(uint64_t milliseconds, char *room)
{
    if (milliseconds % 1000 == 0) {
        snprintf(room, 24, "%llus", (unsigned long long)(milliseconds / 1000));
    } else {
        snprintf(room, 24, "%.1fs", (double)milliseconds / 1000);
    }
    return room;
}
