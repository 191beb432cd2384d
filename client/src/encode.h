/* Messages to the wire: nanopb's encoder into a buf, and the fields it leaves to callbacks. */
#ifndef QVT_CLIENT_ENCODE_H
#define QVT_CLIENT_ENCODE_H

#include <pb_encode.h>

#include "qvt/answer.h"
#include "qvt/silo.h"
#include "qvt/slice.h"
#include "base/buf.h"
#include "nanopb/quark/version/v1/change.pb.h"

/* Appends the encoded message. NO_MEMORY leaves the buffer with a part of it. */
QVT_MUST_CHECK qvt_status encode_message(struct buf *out, const pb_msgdesc_t *type, const void *message);

/* A string field; NULL and "" are left out. Borrowed until the message is encoded, as all below. */
pb_callback_t encode_text(const char *text);

/* A string field with presence: only NULL is left out. */
pb_callback_t encode_optional_text(const char *text);

/* A Position; its store_id as encode_text. */
quark_version_v1_Position encode_position(const qvt_position *position);

/* A bytes field; empty is left out. */
pb_callback_t encode_bytes(const qvt_slice *bytes);

struct encode_versions {
    const qvt_actor_version *items;
    size_t count;
};

/* A map field actor type → AssemblyVersionInfo. */
pb_callback_t encode_version_map(const struct encode_versions *versions);

struct encode_labels {
    const qvt_label *items;
    size_t count;
};

/* A map field of strings. */
pb_callback_t encode_label_map(const struct encode_labels *labels);

#endif
