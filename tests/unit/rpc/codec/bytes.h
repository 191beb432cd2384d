/* Builds encoded protobuf members by hand, also ones that no encoder would write. */
#ifndef QVT_TESTS_RPC_CODEC_BYTES_H
#define QVT_TESTS_RPC_CODEC_BYTES_H

#include <stdint.h>

#include "base/buf.h"

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, GROUP = 3, GROUP_END = 4, FIXED32 = 5 };

void put_varint(struct buf *out, uint64_t value);
void put_tag(struct buf *out, uint32_t number, unsigned wire_type);
void put_uint(struct buf *out, uint32_t number, uint64_t value);
void put_bytes(struct buf *out, uint32_t number, qvt_slice bytes);
void put_text(struct buf *out, uint32_t number, const char *text);

/* `depth` messages in each other, each the field `number` of the one around it. */
void put_nested(struct buf *out, uint32_t number, unsigned depth);

#endif
