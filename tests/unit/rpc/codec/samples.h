/* Messages that the codec tests share. */
#ifndef QVT_TESTS_RPC_CODEC_SAMPLES_H
#define QVT_TESTS_RPC_CODEC_SAMPLES_H

#include "base/buf.h"
#include "tests/fixtures/codec.pb-c.h"

/* Appends an encoded Everything with a value in every field. */
void put_everything(struct buf *out);

/* Unpacks with protobuf-c through an allocator that counts as the pre-check does; true when it could be unpacked.
 * *used is what it took. */
bool unpack_and_count(const ProtobufCMessageDescriptor *type, qvt_slice wire, size_t *used);

#endif
