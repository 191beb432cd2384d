/* Translates messages for the differential test, over stdin and stdout.
 *
 *   request:  "json TYPE LEN\n" + encoded message, or "wire TYPE LEN\n" + JSON text
 *   answer:   "ok LEN\n" + the other form, or "error LEN\n" + "field: message" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "golden/v1/every.json.h"
#include "golden/v1/legacy.json.h"
#include "golden/v1/odd.json.h"
#include "google/rpc/error_details.json.h"
#include "google/rpc/status.json.h"
#include "json/well_known.h"
#include "quark/version/v1/change.json.h"
#include "quark/version/v1/policy.json.h"
#include "quark/version/v1/silo.json.h"
#include "quark/version/v1/version_tracker.json.h"

enum { MEMORY_CAP = 64 << 20 };

static const json_type_list types[] = {
    golden_v1_every_json_types,
    golden_v1_legacy_json_types,
    golden_v1_odd_json_types,
    google_protobuf_json_types,
    google_rpc_error_details_json_types,
    google_rpc_status_json_types,
    quark_version_v1_change_json_types,
    quark_version_v1_policy_json_types,
    quark_version_v1_silo_json_types,
    quark_version_v1_version_tracker_json_types,
    NULL,
};

static void *take(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static qvt_status to_json(const struct json_message_type *type, qvt_slice wire, struct buf *out, qvt_error *error)
{
    struct json_writer writer;
    ProtobufCMessage *message = protobuf_c_message_unpack(type->descriptor, NULL, wire.len, wire.data);
    if (message == NULL) {
        return qvt_error_set(error, QVT_INTERNAL, NULL, "not such a message");
    }
    json_writer_init(&writer, out);
    writer.types = types;
    type->write(&writer, message);
    protobuf_c_message_free_unpacked(message, NULL);
    return writer.status == QVT_OK ? QVT_OK : qvt_error_set(error, writer.status, NULL, "not expressible in JSON");
}

static qvt_status pack(const ProtobufCMessage *message, struct buf *out)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    qvt_status status = buf_reserve(out, len + 1);
    if (status == QVT_OK) {
        out->len += protobuf_c_message_pack(message, out->data);
    }
    return status;
}

static qvt_status to_wire(const struct json_message_type *type, qvt_slice text, struct buf *out, qvt_error *error)
{
    struct json_reader reader;
    struct arena arena;
    json_t *tree = NULL;
    ProtobufCMessage *message = NULL;
    arena_init(&arena, MEMORY_CAP);
    json_reader_init(&reader, take, &arena, error);
    reader.types = types;
    qvt_status status = json_reader_parse(&reader, text, &tree);
    if (status == QVT_OK) {
        status = json_reader_message(&reader, type, tree, &message);
        json_decref(tree);
    }
    if (status == QVT_OK) {
        status = pack(message, out);
    }
    arena_deinit(&arena);
    return status;
}

static void answer(const char *word, const void *bytes, size_t len)
{
    printf("%s %zu\n", word, len);
    fwrite(bytes, 1, len, stdout);
    fflush(stdout);
}

static void serve(const char *verb, const char *name, qvt_slice body)
{
    struct buf out = BUF_INIT;
    qvt_error error;
    qvt_error_clear(&error);
    const struct json_message_type *type = json_type_find(types, name, strlen(name));
    qvt_status status = type == NULL                ? qvt_error_set(&error, QVT_NOT_FOUND, NULL, "no type %s", name)
                        : strcmp(verb, "json") == 0 ? to_json(type, body, &out, &error)
                                                    : to_wire(type, body, &out, &error);
    if (status == QVT_OK) {
        answer("ok", out.len == 0 ? (const void *)"" : out.data, out.len);
    } else {
        char text[QVT_ERROR_FIELD_MAX + QVT_ERROR_MESSAGE_MAX + 3];
        int len = snprintf(text, sizeof(text), "%s: %s", error.field, error.message);
        answer("error", text, (size_t)len);
    }
    buf_deinit(&out);
}

int main(void)
{
    char verb[8];
    char name[200];
    size_t len;
    while (scanf("%7s %199s %zu", verb, name, &len) == 3 && getchar() == '\n') {
        uint8_t *body = malloc(len + 1);
        if (body == NULL || fread(body, 1, len, stdin) != len) {
            free(body);
            return 1;
        }
        serve(verb, name, qvt_slice_make(body, len));
        free(body);
    }
    return 0;
}
