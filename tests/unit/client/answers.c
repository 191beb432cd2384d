#include "tests/unit/client/answers.h"

#include "base/check.h"
#include "client/src/encode.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"

static quark_version_v1_Position position(const char *store_id)
{
    quark_version_v1_Position position = quark_version_v1_Position_init_zero;
    position.store_id = encode_text(store_id);
    position.revision = 7;
    position.token = UINT64_MAX;
    return position;
}

static void encode(struct buf *out, const pb_msgdesc_t *type, const void *message)
{
    QVT_ASSERT(encode_message(out, type, message) == QVT_OK);
}

void answer_register(struct buf *out, uint64_t incarnation, uint32_t lease_ttl_ms, const char *store_id)
{
    quark_version_v1_RegisterSiloResponse answer = quark_version_v1_RegisterSiloResponse_init_zero;
    answer.has_position = true;
    answer.position = position(store_id);
    answer.has_silo = true;
    answer.silo.incarnation = incarnation;
    answer.silo.has_lease_ttl = true;
    answer.silo.lease_ttl.seconds = lease_ttl_ms / 1000;
    answer.silo.lease_ttl.nanos = (int32_t)(lease_ttl_ms % 1000) * 1000000;
    encode(out, quark_version_v1_RegisterSiloResponse_fields, &answer);
}

void answer_heartbeat(struct buf *out, uint32_t lease_remaining_ms)
{
    quark_version_v1_HeartbeatResponse answer = quark_version_v1_HeartbeatResponse_init_zero;
    answer.lease_remaining_ms = lease_remaining_ms;
    encode(out, quark_version_v1_HeartbeatResponse_fields, &answer);
}

struct found {
    const qvt_found_silo *silos;
    size_t count;
};

static bool write_found(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct found *found = *arg;
    for (size_t i = 0; i < found->count; i++) {
        quark_version_v1_CompatibleSilo silo = quark_version_v1_CompatibleSilo_init_zero;
        silo.silo_id = encode_text(found->silos[i].silo_id);
        silo.address = encode_text(found->silos[i].address);
        silo.port = found->silos[i].port;
        silo.version = encode_text(found->silos[i].version);
        silo.incarnation = found->silos[i].incarnation;
        silo.suspect = found->silos[i].suspect;
        silo.unhealthy = found->silos[i].unhealthy;
        if (!pb_encode_tag_for_field(stream, field) ||
            !pb_encode_submessage(stream, quark_version_v1_CompatibleSilo_fields, &silo)) {
            return false;
        }
    }
    return true;
}

void answer_find(struct buf *out, const qvt_found_silo *silos, size_t count, int empty_reason)
{
    struct found found = {silos, count};
    quark_version_v1_FindCompatibleSilosResponse answer = quark_version_v1_FindCompatibleSilosResponse_init_zero;
    answer.has_position = true;
    answer.position = position(STORE_ID);
    answer.has_cache_ttl = true;
    answer.cache_ttl.seconds = 10;
    answer.has_age = true;
    answer.age.nanos = 500000000;
    answer.silos.funcs.encode = write_found;
    answer.silos.arg = &found;
    answer.empty_reason = (quark_version_v1_EmptyReason)empty_reason;
    encode(out, quark_version_v1_FindCompatibleSilosResponse_fields, &answer);
}

void answer_capabilities(struct buf *out, const char *silo_id, const qvt_actor_version *versions, size_t count)
{
    struct encode_versions map = {versions, count};
    quark_version_v1_GetSiloCapabilitiesResponse answer = quark_version_v1_GetSiloCapabilitiesResponse_init_zero;
    answer.has_capabilities = true;
    answer.capabilities.silo_id = encode_text(silo_id);
    answer.capabilities.incarnation = 11;
    answer.capabilities.actor_type_versions = encode_version_map(&map);
    encode(out, quark_version_v1_GetSiloCapabilitiesResponse_fields, &answer);
}

struct page {
    const char *silo_id;
    struct encode_versions map;
};

static bool write_silo(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
    const struct page *page = *arg;
    quark_version_v1_SiloCapabilities silo = quark_version_v1_SiloCapabilities_init_zero;
    silo.silo_id = encode_text(page->silo_id);
    silo.actor_type_versions = encode_version_map(&page->map);
    return pb_encode_tag_for_field(stream, field) &&
           pb_encode_submessage(stream, quark_version_v1_SiloCapabilities_fields, &silo);
}

void answer_capabilities_page(struct buf *out, const char *silo_id, const qvt_actor_version *versions, size_t count,
                              const char *next_page)
{
    struct page page = {silo_id, {versions, count}};
    quark_version_v1_ListSiloCapabilitiesResponse answer = quark_version_v1_ListSiloCapabilitiesResponse_init_zero;
    answer.capabilities.funcs.encode = write_silo;
    answer.capabilities.arg = &page;
    answer.next_page_token = encode_text(next_page);
    encode(out, quark_version_v1_ListSiloCapabilitiesResponse_fields, &answer);
}
