#include "server/registry/silo_view.h"

static void read_varint(struct registry_silo *out, const struct wire_field *field)
{
    switch (field->number) {
    case SILO_INCARNATION: out->incarnation = field->value; break;
    case SILO_PORT: out->port = (uint32_t)field->value; break;
    case SILO_STATUS: out->status = (enum placement_status)field->value; break;
    case SILO_SCHEDULING: out->scheduling = (enum placement_scheduling)field->value; break;
    case SILO_SUSPECT: out->suspect = field->value != 0; break;
    case SILO_UNHEALTHY: out->unhealthy = field->value != 0; break;
    case SILO_MOD_REVISION: out->mod_revision = field->value; break;
    default: break;
    }
}

static qvt_slice extend(qvt_slice entries, qvt_slice entry)
{
    const uint8_t *begin = entries.len == 0 ? entry.data : entries.data;
    return qvt_slice_make(begin, (size_t)(entry.data - begin) + entry.len);
}

static void read_bytes(struct registry_silo *out, const struct wire_field *field)
{
    switch (field->number) {
    case SILO_INSTANCE_ID: out->instance_id = field->bytes; break;
    case SILO_ADDRESS: out->address = field->bytes; break;
    case SILO_LEASE_TTL: out->lease_ttl_ms = (uint32_t)(wire_read_time_us(field->bytes) / 1000); break;
    case SILO_ZONE_ID: out->zone_id = field->bytes; break;
    case SILO_VERSIONS:
        out->type_count++;
        out->versions = extend(out->versions, field->raw);
        break;
    case SILO_REGISTERED_AT: out->registered_at_us = wire_read_time_us(field->bytes); break;
    case SILO_ETAG: out->etag = field->bytes; break;
    case SILO_DEAD_SINCE: out->dead_since_us = wire_read_time_us(field->bytes); break;
    default: break;
    }
}

qvt_status silo_view_parse(struct registry_silo *out, struct image *image)
{
    *out = (struct registry_silo){.image = image, .id = image_key(image)};
    qvt_slice rest = image_value(image);
    struct wire_field field;
    while (wire_next(&rest, &field)) {
        if (field.type == WIRE_VARINT) {
            read_varint(out, &field);
        } else if (field.type == WIRE_BYTES) {
            read_bytes(out, &field);
        }
    }
    if (out->status == PLACEMENT_DEAD && out->dead_since_us == 0) {
        out->dead_since_us = image_origin(image).time_us;
    }
    bool known = out->status >= PLACEMENT_JOINING && out->status <= PLACEMENT_DEAD;
    return rest.len == 0 && known ? QVT_OK : QVT_DATA_LOSS;
}

qvt_slice silo_view_versions(const struct image *image)
{
    qvt_slice rest = image_value(image);
    qvt_slice found = {NULL, 0};
    struct wire_field field;
    while (wire_next(&rest, &field)) {
        if (field.number == SILO_VERSIONS) {
            found = extend(found, field.raw);
        }
    }
    return found;
}

void silo_view_entry(qvt_slice entry, qvt_slice *key, qvt_slice *value)
{
    struct wire_field field;
    *key = *value = qvt_slice_make(NULL, 0);
    while (wire_next(&entry, &field)) {
        if (field.number == ENTRY_KEY) {
            *key = field.bytes;
        } else if (field.number == ENTRY_VALUE) {
            *value = field.bytes;
        }
    }
}

bool silo_view_next_version(qvt_slice *rest, struct silo_view_version *out)
{
    struct wire_field field;
    while (wire_next(rest, &field)) {
        if (field.number != SILO_VERSIONS) {
            continue;
        }
        *out = (struct silo_view_version){.has_fingerprint = false};
        silo_view_entry(field.bytes, &out->actor_type, &out->info);
        for (qvt_slice info = out->info; wire_next(&info, &field);) {
            if (field.number == VERSION_TEXT) {
                out->text = field.bytes;
            } else if (field.number == VERSION_FINGERPRINT) {
                out->fingerprint = field.value;
                out->has_fingerprint = true;
            }
        }
        return true;
    }
    return false;
}
