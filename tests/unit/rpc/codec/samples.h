/* Messages that the codec tests share. */
#ifndef QVT_TESTS_RPC_CODEC_SAMPLES_H
#define QVT_TESTS_RPC_CODEC_SAMPLES_H

#include "base/buf.h"
#include "tests/fixtures/codec.pb-c.h"

/* Appends an encoded Everything with a value in every field. */
void put_everything(struct buf *out);

/* Whether protobuf-c can unpack it. */
bool can_unpack(const ProtobufCMessageDescriptor *type, qvt_slice wire);

/* Puts a regular message together in a block of `cost` bytes; true when it packs to the same bytes as what protobuf-c
 * unpacks. *used is what it took. */
bool assembles_alike(const ProtobufCMessageDescriptor *type, qvt_slice wire, size_t cost, size_t *used);

#endif
