/* Length-prefixed messages in a byte stream: flag byte, 32-bit big-endian length, message (grpc PROTOCOL-HTTP2). */
#ifndef QVT_RPC_WIRE_FRAME_H
#define QVT_RPC_WIRE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { FRAME_PREFIX_LEN = 5 };

/* Writes the prefix of a message of len bytes, len <= UINT32_MAX. */
void frame_write_prefix(uint8_t out[FRAME_PREFIX_LEN], bool compressed, size_t len);

/* Cuts messages out of bytes that arrive in any pieces. Start from frame_decoder_init.
 * Invariants: prefix_len <= 5; message is filled only once the prefix is whole; message.len <= length. */
struct frame_decoder {
    struct buf message;
    uint32_t length;
    uint32_t max_len;
    uint8_t prefix[FRAME_PREFIX_LEN];
    uint8_t prefix_len;
    bool ready; /* message was given out and is dropped by the next call */
};

/* Allocates nothing. max_len: the longest message that is accepted. */
void frame_decoder_init(struct frame_decoder *decoder, uint32_t max_len);
void frame_decoder_deinit(struct frame_decoder *decoder);

/* Forgets everything; keeps the memory up to keep_cap bytes. */
void frame_decoder_reset(struct frame_decoder *decoder, size_t keep_cap);

/* Takes bytes from the front of *input up to the end of one message. OK: when a message is whole, *whole is true and
 * buf_slice(&decoder->message) is it, frame_decoder_is_compressed tells its flag, both until the next call; call again
 * while *input is not empty. RESOURCE_EXHAUSTED as soon as a prefix promises more than max_len, INTERNAL for a flag
 * byte other than 0 and 1, NO_MEMORY: the stream cannot be read any further. */
QVT_MUST_CHECK qvt_status frame_decoder_take(struct frame_decoder *decoder, qvt_slice *input, bool *whole);

bool frame_decoder_is_compressed(const struct frame_decoder *decoder);

/* Whether the bytes taken so far end inside a message: an error at the end of the stream. */
bool frame_decoder_is_inside(const struct frame_decoder *decoder);

#endif
