/* Input: the full name of a message type, a line end, JSON text. What is read is written, and reads as the same again. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "google/rpc/error_details.json.h"
#include "google/rpc/status.json.h"
#include "json/reader.h"
#include "json/well_known.h"
#include "json/writer.h"
#include "quark/version/v1/change.json.h"
#include "quark/version/v1/policy.json.h"
#include "quark/version/v1/silo.json.h"
#include "quark/version/v1/version_tracker.json.h"

enum { BUDGET = 1 << 20, BUDGET_AGAIN = 4 << 20 };

static const json_type_list types[] = {
    quark_version_v1_version_tracker_json_types,
    quark_version_v1_silo_json_types,
    quark_version_v1_change_json_types,
    quark_version_v1_policy_json_types,
    google_rpc_status_json_types,
    google_rpc_error_details_json_types,
    google_protobuf_json_types,
    NULL,
};

static void *take(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static qvt_status read_text(struct arena *arena, const struct json_message_type *type, qvt_slice text,
                            ProtobufCMessage **out)
{
    struct json_reader reader;
    json_t *tree = NULL;
    qvt_error error;
    qvt_error_clear(&error);
    json_reader_init(&reader, take, arena, &error);
    reader.types = types;
    qvt_status status = json_reader_parse(&reader, text, &tree);
    if (status == QVT_OK) {
        status = json_reader_message(&reader, type, tree, out);
        json_decref(tree);
    }
    QVT_ASSERT(error.status == status && (status == QVT_OK || error.message[0] != '\0'));
    return status;
}

static qvt_status write_text(struct buf *out, const struct json_message_type *type, const ProtobufCMessage *message)
{
    struct json_writer writer;
    json_writer_init(&writer, out);
    writer.types = types;
    type->write(&writer, message);
    return writer.status;
}

/* The text that was written is read, and is written the same. */
static void expect_again(const struct json_message_type *type, qvt_slice text)
{
    struct arena arena;
    struct buf again = BUF_INIT;
    ProtobufCMessage *message = NULL;
    arena_init(&arena, BUDGET_AGAIN);
    qvt_status status = read_text(&arena, type, text, &message);
    QVT_ASSERT(status == QVT_OK);
    QVT_ASSERT(write_text(&again, type, message) == QVT_OK && qvt_slice_equal(buf_slice(&again), text));
    buf_deinit(&again);
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    const struct json_message_type *type =
        end == NULL ? NULL : json_type_find(types, (const char *)data, (size_t)(end - data));
    if (type == NULL) {
        return 0;
    }
    struct arena arena;
    struct buf text = BUF_INIT;
    ProtobufCMessage *message = NULL;
    arena_init(&arena, BUDGET);
    if (read_text(&arena, type, qvt_slice_make(end + 1, size - (size_t)(end - data) - 1), &message) == QVT_OK &&
        write_text(&text, type, message) == QVT_OK) {
        expect_again(type, buf_slice(&text));
    }
    buf_deinit(&text);
    arena_deinit(&arena);
    return 0;
}
