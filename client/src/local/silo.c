#include "client/src/local/silo.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "client/src/record_decode.h"

void silo_writer_fill(struct silo_writer *writer, quark_version_v1_SiloInfo *out, const qvt_silo_info *info)
{
    *writer = (struct silo_writer){{info->versions, info->version_count}, {info->labels, info->label_count}};
    out->silo_id = encode_text(info->silo_id);
    out->incarnation = info->incarnation;
    out->address = encode_text(info->address);
    out->port = info->port;
    out->status = (quark_version_v1_SiloStatus)info->status;
    out->scheduling = (quark_version_v1_Scheduling)info->scheduling;
    out->suspect = info->suspect;
    out->unhealthy = info->unhealthy;
    out->has_lease_ttl = true;
    out->lease_ttl.seconds = info->lease_ttl_ms / 1000;
    out->lease_ttl.nanos = (int32_t)(info->lease_ttl_ms % 1000) * 1000000;
    out->region_id = encode_text(info->region_id);
    out->zone_id = encode_text(info->zone_id);
    out->shard_group_id = encode_optional_text(info->shard_group_id);
    out->labels = encode_label_map(&writer->labels);
    out->actor_type_versions = encode_version_map(&writer->versions);
    out->build_id = encode_text(info->build_id);
    out->deploy_epoch = info->deploy_epoch;
    out->has_registered_at = true;
    out->registered_at.seconds = info->registered_at_us / 1000000;
    out->registered_at.nanos = (int32_t)(info->registered_at_us % 1000000) * 1000;
    out->mod_revision = info->mod_revision;
    out->etag = encode_text(info->etag);
}

static qvt_status encode(struct buf *out, const qvt_silo_info *info)
{
    struct silo_writer writer;
    quark_version_v1_SiloInfo silo = quark_version_v1_SiloInfo_init_zero;
    silo_writer_fill(&writer, &silo, info);
    return encode_message(out, quark_version_v1_SiloInfo_fields, &silo);
}

/* The way there and back through the wire is the deep copy. */
static qvt_status copy(struct local_silo *silo, const qvt_silo_info *info)
{
    QVT_TRY(encode(&silo->encoded, info));
    pb_istream_t stream = pb_istream_from_buffer(silo->encoded.data, silo->encoded.len);
    return decode_silo_info(&stream, &silo->arena, &silo->info) ? QVT_OK : QVT_NO_MEMORY;
}

qvt_status local_silo_new(struct local_silo **out, const qvt_silo_info *info)
{
    struct local_silo *silo = calloc(1, sizeof *silo);
    if (silo == NULL) {
        return QVT_NO_MEMORY;
    }
    silo->refs = 1;
    arena_init(&silo->arena, DECODE_MEMORY_MAX);
    if (copy(silo, info) != QVT_OK) {
        local_silo_unref(silo);
        return QVT_NO_MEMORY;
    }
    *out = silo;
    return QVT_OK;
}

struct local_silo *local_silo_ref(struct local_silo *silo)
{
    silo->refs++;
    return silo;
}

void local_silo_unref(struct local_silo *silo)
{
    if (silo != NULL && --silo->refs == 0) {
        arena_deinit(&silo->arena);
        buf_deinit(&silo->encoded);
        free(silo);
    }
}

qvt_status local_silo_differs(const struct local_silo *silo, const qvt_silo_info *info, bool *out)
{
    struct buf encoded = BUF_INIT;
    qvt_silo_info same = *info;
    same.mod_revision = silo->info.mod_revision;
    same.etag = silo->info.etag;
    qvt_status status = encode(&encoded, &same);
    *out = !qvt_slice_equal(buf_slice(&encoded), buf_slice(&silo->encoded));
    buf_deinit(&encoded);
    return status;
}
