/* Messages from the wire, straight into an arena: nanopb's decoder and the fields it leaves to callbacks. The answers'
 * types do not nest in themselves and nanopb skips unknown fields without descending, so depth is bounded by the contract. */
#ifndef QVT_CLIENT_DECODE_H
#define QVT_CLIENT_DECODE_H

#include <pb_decode.h>

#include "qvt/answer.h"
#include "qvt/error.h"
#include "qvt/silo.h"
#include "qvt/slice.h"
#include "base/arena.h"
#include "nanopb/google/protobuf/duration.pb.h"
#include "nanopb/quark/version/v1/change.pb.h"

/* What a decoded answer may cost: an honest message of 4 MiB fits many times over, a hostile one does not. */
#define DECODE_MEMORY_MAX ((size_t)64 << 20)

/* Decodes into the message, whose callbacks are set. INTERNAL: the bytes are no such message, or a string is not UTF-8 or
 * holds NUL. NO_MEMORY. */
QVT_MUST_CHECK qvt_status decode_message(qvt_slice wire, const pb_msgdesc_t *type, void *message, qvt_error *error);

/* Where a string goes; text starts as what it is when the field is absent. */
struct decode_text {
    struct arena *arena;
    const char *text;
};

/* A string field, copied to the arena. */
pb_callback_t decode_text(struct decode_text *target);

/* A list that grows while a repeated field is decoded. Start from {arena}; push copies size bytes. */
struct decode_node {
    struct decode_node *next;
    max_align_t item[];
};
struct decode_list {
    struct arena *arena;
    struct decode_node *first;
    struct decode_node *last;
    size_t count;
};

/* False out of memory. */
bool decode_list_push(struct decode_list *list, const void *item, size_t size);

/* The items as an array in the arena: *out is NULL for none. NO_MEMORY. */
QVT_MUST_CHECK qvt_status decode_list_flatten(const struct decode_list *list, size_t size, void **out);

/* A repeated field whose elements the function decodes from a stream that ends with the element. */
pb_callback_t decode_each(bool (*element)(pb_istream_t *stream, const pb_field_t *field, void **arg), void *data);

/* For an element function: says why it fails, and is false. */
bool decode_out_of_memory(pb_istream_t *stream);

/* A map field actor type → AssemblyVersionInfo, for decode_versions_finish. */
pb_callback_t decode_version_map(struct decode_list *versions);

/* The map as an array in the arena, in byte order of the actor types; of equal ones the last counts. NO_MEMORY. */
QVT_MUST_CHECK qvt_status decode_versions_finish(const struct decode_list *versions, const qvt_actor_version **out,
                                                 size_t *count);

/* The part of every answer: set up before decoding, read after. */
struct decode_head {
    struct decode_text store_id;
};
void decode_head_prepare(struct decode_head *head, quark_version_v1_Position *position, struct arena *arena);
void decode_head_read(const struct decode_head *head, const quark_version_v1_Position *position,
                      const google_protobuf_Duration *cache_ttl, const google_protobuf_Duration *age, bool has_age,
                      qvt_answer *out);

/* Milliseconds, rounded down, 0 to UINT32_MAX. */
uint32_t decode_duration_ms(const google_protobuf_Duration *duration);

#endif
