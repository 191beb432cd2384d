#include "generator/request.h"

#include <CUnit/CUnit.h>

#include "base/buf.h"
#include "generator/request_wire.h"
#include "tests/support/suite.h"

typedef Google__Protobuf__FileDescriptorProto file_message;
typedef Google__Protobuf__DescriptorProto type_message;
typedef Google__Protobuf__FieldDescriptorProto field_message;

/* A request of one file with one message M of one field. */
struct sample {
    request_message request;
    file_message file;
    type_message type;
    field_message field;
    file_message *files[1];
    type_message *types[1];
    field_message *fields[1];
};

static char file_name[] = "a.proto";
static char package_name[] = "a.b_c.v1";
static char type_name[] = "M";
static char field_name[] = "a";

static void init(struct sample *sample)
{
    google__protobuf__compiler__code_generator_request__init(&sample->request);
    google__protobuf__file_descriptor_proto__init(&sample->file);
    google__protobuf__descriptor_proto__init(&sample->type);
    google__protobuf__field_descriptor_proto__init(&sample->field);
    sample->files[0] = &sample->file;
    sample->types[0] = &sample->type;
    sample->fields[0] = &sample->field;
    sample->request.n_proto_file = 1;
    sample->request.proto_file = sample->files;
    sample->file.name = file_name;
    sample->file.n_message_type = 1;
    sample->file.message_type = sample->types;
    sample->type.name = type_name;
    sample->type.n_field = 1;
    sample->type.field = sample->fields;
    sample->field.name = field_name;
    sample->field.has_number = true;
    sample->field.number = 1;
    sample->field.has_type = true;
    sample->field.type = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32;
}

static bool is_taken(const struct sample *sample)
{
    uint8_t wire[512];
    size_t size = google__protobuf__compiler__code_generator_request__get_packed_size(&sample->request);
    CU_ASSERT_FATAL(size <= sizeof(wire));
    (void)google__protobuf__compiler__code_generator_request__pack(&sample->request, wire);
    request_message *request = request_read(qvt_slice_make(wire, size));
    bool taken = request != NULL;
    request_free(request);
    return taken;
}

static void sound_request_is_taken(void)
{
    struct sample sample;
    init(&sample);
    CU_ASSERT_TRUE(is_taken(&sample));
    sample.file.package = package_name;
    CU_ASSERT_TRUE(is_taken(&sample));
}

static void garbage_is_refused(void)
{
    CU_ASSERT_PTR_NULL(request_read(qvt_slice_text("\xff\xff\xff")));
    CU_ASSERT_PTR_NULL(request_read(qvt_slice_text("\x7a\x7f")));
}

static void names_that_are_no_identifiers_are_refused(void)
{
    static char bad[][8] = {"", "1a", "a-b", "a b", "\xc3\xa9", "a.b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sample sample;
        init(&sample);
        sample.field.name = bad[i];
        CU_ASSERT_FALSE(is_taken(&sample));
        init(&sample);
        sample.type.name = bad[i];
        CU_ASSERT_FALSE(is_taken(&sample));
    }
}

static void missing_names_are_refused(void)
{
    struct sample sample;
    init(&sample);
    sample.file.name = NULL;
    CU_ASSERT_FALSE(is_taken(&sample));
    init(&sample);
    sample.field.name = NULL;
    CU_ASSERT_FALSE(is_taken(&sample));
}

static void file_names_and_packages_cannot_leave_their_place(void)
{
    static char names[][12] = {"a*/b.proto", "a\"b.proto", "a\nb.proto", ""};
    static char packages[][8] = {".a", "a.", "a..b", "a-b", "1"};
    struct sample sample;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        init(&sample);
        sample.file.name = names[i];
        CU_ASSERT_FALSE(is_taken(&sample));
    }
    for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++) {
        init(&sample);
        sample.file.package = packages[i];
        CU_ASSERT_FALSE(is_taken(&sample));
    }
}

static void numbers_outside_their_range_are_refused(void)
{
    struct sample sample;
    init(&sample);
    sample.field.number = 0;
    CU_ASSERT_FALSE(is_taken(&sample));
    init(&sample);
    sample.field.number = 1 << 29;
    CU_ASSERT_FALSE(is_taken(&sample));
    init(&sample);
    sample.field.has_oneof_index = true;
    CU_ASSERT_FALSE(is_taken(&sample));
    init(&sample);
    sample.field.type = GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE;
    CU_ASSERT_FALSE(is_taken(&sample));
}

/* A request whose message types are declared inside each other, `depth` of them. */
static void nest(struct buf *out, unsigned depth)
{
    buf_clear(out);
    for (unsigned i = 0; i < depth + 1; i++) {
        uint8_t tag = i + 1 < depth ? 3 << 3 | 2 : i + 1 == depth ? 4 << 3 | 2 : 15 << 3 | 2;
        struct buf outer = BUF_INIT;
        size_t len = out->len;
        CU_ASSERT_EQUAL_FATAL(buf_append_byte(&outer, tag), QVT_OK);
        if (len >= 128) {
            CU_ASSERT_EQUAL_FATAL(buf_append_byte(&outer, (uint8_t)(len | 128)), QVT_OK);
            len >>= 7;
        }
        CU_ASSERT_EQUAL_FATAL(buf_append_byte(&outer, (uint8_t)len), QVT_OK);
        CU_ASSERT_EQUAL_FATAL(buf_append_slice(&outer, buf_slice(out)), QVT_OK);
        buf_deinit(out);
        *out = outer;
    }
}

static void types_nest_up_to_the_limit(void)
{
    struct buf wire = BUF_INIT;
    nest(&wire, REQUEST_DEPTH_MAX);
    CU_ASSERT_TRUE(request_wire_is_shallow(buf_slice(&wire)));
    nest(&wire, REQUEST_DEPTH_MAX + 1);
    CU_ASSERT_FALSE(request_wire_is_shallow(buf_slice(&wire)));
    buf_deinit(&wire);
}

SUITE_MAIN("generator/request", SUITE_CASE(sound_request_is_taken), SUITE_CASE(garbage_is_refused),
           SUITE_CASE(names_that_are_no_identifiers_are_refused), SUITE_CASE(missing_names_are_refused),
           SUITE_CASE(file_names_and_packages_cannot_leave_their_place),
           SUITE_CASE(numbers_outside_their_range_are_refused), SUITE_CASE(types_nest_up_to_the_limit))
