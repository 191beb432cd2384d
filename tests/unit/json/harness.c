#include "tests/unit/json/harness.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "golden/v1/every.json.h"
#include "golden/v1/legacy.json.h"
#include "json/route.h"
#include "json/well_known.h"
#include "quark/version/v1/silo.json.h"
#include "tests/support/suite.h"

const json_type_list harness_types[] = {
    golden_v1_every_json_types,
    golden_v1_legacy_json_types,
    google_protobuf_json_types,
    quark_version_v1_silo_json_types,
    NULL,
};

static void *take(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

void harness_init(struct harness *harness)
{
    arena_init(&harness->arena, 1 << 20);
    qvt_error_clear(&harness->error);
    json_reader_init(&harness->reader, take, &harness->arena, &harness->error);
    harness->reader.types = harness_types;
}

void harness_deinit(struct harness *harness)
{
    arena_deinit(&harness->arena);
}

qvt_status harness_read(struct harness *harness, const struct json_message_type *type, const char *text,
                        ProtobufCMessage **out)
{
    json_t *tree = NULL;
    *out = NULL;
    qvt_status status = json_reader_parse(&harness->reader, qvt_slice_text(text), &tree);
    if (status == QVT_OK) {
        status = json_reader_message(&harness->reader, type, tree, out);
        json_decref(tree);
    }
    return status;
}

static void expect_written(const struct json_message_type *type, const ProtobufCMessage *message, const char *written)
{
    struct buf out = BUF_INIT;
    struct json_writer writer;
    json_writer_init(&writer, &out);
    writer.types = harness_types;
    type->write(&writer, message);
    CU_ASSERT_EQUAL(writer.status, QVT_OK);
    EXPECT_SLICE(buf_slice(&out), written);
    buf_deinit(&out);
}

static void describe(const qvt_error *error, char *out, size_t size)
{
    (void)snprintf(out, size, "%s: %s", error->field, error->message);
}

void harness_expect(const struct json_message_type *type, const char *text, const char *written)
{
    struct harness harness;
    ProtobufCMessage *message;
    char said[QVT_ERROR_MESSAGE_MAX + QVT_ERROR_FIELD_MAX + 2];
    harness_init(&harness);
    if (harness_read(&harness, type, text, &message) == QVT_OK) {
        expect_written(type, message, written);
    } else {
        describe(&harness.error, said, sizeof(said));
        EXPECT_TEXT(said, written);
    }
    harness_deinit(&harness);
}

void harness_expect_error(const struct json_message_type *type, const char *text, const char *error)
{
    struct harness harness;
    ProtobufCMessage *message;
    char said[QVT_ERROR_MESSAGE_MAX + QVT_ERROR_FIELD_MAX + 2];
    harness_init(&harness);
    CU_ASSERT_EQUAL(harness_read(&harness, type, text, &message), QVT_INVALID_ARGUMENT);
    CU_ASSERT_EQUAL(harness.error.status, QVT_INVALID_ARGUMENT);
    describe(&harness.error, said, sizeof(said));
    said[strlen(said) < strlen(error) ? strlen(said) : strlen(error)] = '\0';
    EXPECT_TEXT(said, error);
    harness_deinit(&harness);
}

struct setting {
    struct harness *harness;
    ProtobufCMessage *message;
    qvt_status (*set_field)(struct json_reader *, ProtobufCMessage *, const char *, const char *);
};

static qvt_status set_one(const char *name, const char *value, void *data)
{
    const struct setting *setting = data;
    return setting->set_field(&setting->harness->reader, setting->message, name, value);
}

void harness_expect_fields(const struct json_message_type *type,
                           qvt_status (*set_field)(struct json_reader *, ProtobufCMessage *, const char *,
                                                   const char *),
                           const char *query, const char *written)
{
    struct harness harness;
    char said[QVT_ERROR_MESSAGE_MAX + QVT_ERROR_FIELD_MAX + 2];
    harness_init(&harness);
    struct setting setting = {.harness = &harness, .set_field = set_field};
    setting.message = json_reader_alloc(&harness.reader, 1, type->descriptor->sizeof_message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(setting.message);
    protobuf_c_message_init(type->descriptor, setting.message);
    if (json_query_walk(query, set_one, &setting) == QVT_OK) {
        expect_written(type, setting.message, written);
    } else {
        describe(&harness.error, said, sizeof(said));
        EXPECT_TEXT(said, written);
    }
    harness_deinit(&harness);
}
