#include "cli/show.h"

#include <stdio.h>
#include <string.h>

#include "protobuf-c/quark/version/v1/policy.pb-c.h"

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

const char *show_mode(int mode, char *room)
{
    int shown = mode != 0 ? mode : QUARK__VERSION__V1__COMPATIBILITY_MODE__COMPATIBILITY_MODE_STRICT;
    return show_enum(&quark__version__v1__compatibility_mode__descriptor, "COMPATIBILITY_MODE_", shown, room);
}

const char *show_selector(int selector, char *room)
{
    int shown = selector != 0 ? selector : QUARK__VERSION__V1__SELECTOR__SELECTOR_ALL;
    return show_enum(&quark__version__v1__selector__descriptor, "SELECTOR_", shown, room);
}

static enum style style_of(const Quark__Version__V1__SiloInfo *silo)
{
    switch (silo->status) {
    case QUARK__VERSION__V1__SILO_STATUS__SILO_STATUS_DEAD: return STYLE_BAD;
    case QUARK__VERSION__V1__SILO_STATUS__SILO_STATUS_ACTIVE:
        return silo->suspect || silo->unhealthy ? STYLE_WARNING : STYLE_GOOD;
    default: return STYLE_WARNING;
    }
}

void show_status_cell(struct table *table, const Quark__Version__V1__SiloInfo *silo, const char *between)
{
    char room[12];
    table_add_styled(table, style_of(silo), "%s%s%s%s%s", show_silo_status((int)silo->status, room),
                     silo->suspect ? between : "", silo->suspect ? "suspect" : "", silo->unhealthy ? between : "",
                     silo->unhealthy ? "unhealthy" : "");
}

void show_scheduling_cell(struct table *table, const Quark__Version__V1__SiloInfo *silo)
{
    char room[12];
    bool is_usual = silo->scheduling == QUARK__VERSION__V1__SCHEDULING__SCHEDULING_SCHEDULABLE;
    table_add_styled(table, is_usual ? STYLE_PLAIN : STYLE_WARNING, "%s", show_scheduling((int)silo->scheduling, room));
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
