/* Records and changes from the wire to the structs of qvt/record.h, in an arena. The functions read a submessage whose
 * stream ends with it, and are false when it is unparsable or memory is out. */
#ifndef QVT_CLIENT_RECORD_DECODE_H
#define QVT_CLIENT_RECORD_DECODE_H

#include "qvt/record.h"
#include "client/src/decode.h"

/* What a SiloInfo is decoded through, where it is part of another message: set up before, finished after. */
struct silo_reader {
    struct decode_text silo_id, address, region_id, zone_id, shard_group_id, build_id, etag;
    struct decode_list labels, versions;
};
void silo_reader_prepare(struct silo_reader *reader, quark_version_v1_SiloInfo *silo, struct arena *arena);

/* NO_MEMORY. */
QVT_MUST_CHECK qvt_status silo_reader_finish(const struct silo_reader *reader, const quark_version_v1_SiloInfo *silo,
                                             qvt_silo_info *out);

bool decode_silo_info(pb_istream_t *stream, struct arena *arena, qvt_silo_info *out);
bool decode_policy(pb_istream_t *stream, struct arena *arena, qvt_policy *out);
bool decode_record(pb_istream_t *stream, struct arena *arena, qvt_record *out);
bool decode_record_key(pb_istream_t *stream, struct arena *arena, qvt_record_key *out);
bool decode_change(pb_istream_t *stream, struct arena *arena, qvt_change *out);

/* What was decoded of a position. */
void read_position(const quark_version_v1_Position *position, const char *store_id, qvt_position *out);

#endif
