/* <proto>.json.{h,c}: straight-line JSON writers and readers for every message. */
#include "generator/emit_json.h"

#include <ctype.h>

#include "generator/names.h"
#include "generator/text.h"

static const char *list_name(struct emit *emit, const struct model_file *file)
{
    char *name = names_constant(emit->arena, names_file(emit->arena, file->name, "_json_types"));
    for (char *at = name; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return name;
}

static void declare_message(struct buf *out, const struct model_message *message)
{
    text_add(out, "void %s_write_json(struct json_writer *writer, const %s *message);\n", message->snake,
             message->c_type);
    text_add(out,
             "QVT_MUST_CHECK qvt_status %s_read_json(struct json_reader *reader, json_t *value,\n    %s *message);\n",
             message->snake, message->c_type);
    text_add(out, "extern const struct json_message_type %s_json_type;\n\n", message->snake);
}

static void define_type(struct buf *out, const struct model_message *message)
{
    text_add(out, "static void write_%s(struct json_writer *writer, const ProtobufCMessage *message)\n{\n",
             message->snake);
    text_add(out, "    %s_write_json(writer, (const %s *)message);\n}\n\n", message->snake, message->c_type);
    text_add(out,
             "static qvt_status read_%s(struct json_reader *reader, json_t *value, ProtobufCMessage *message)\n{\n",
             message->snake);
    text_add(out, "    return %s_read_json(reader, value, (%s *)message);\n}\n\n", message->snake, message->c_type);
    text_add(out,
             "const struct json_message_type %s_json_type = {\"%s\", &%s__descriptor, false, write_%s, read_%s};\n\n",
             message->snake, message->full_name, message->c_lower, message->snake, message->snake);
}

static void define_list(struct emit *emit, struct buf *out, const struct model_file *file)
{
    text_add(out, "const struct json_message_type *const %s[] = {\n", list_name(emit, file));
    for (size_t i = 0; i < file->message_count; i++) {
        if (!file->messages[i].map_entry) {
            text_add(out, "    &%s_json_type,\n", file->messages[i].snake);
        }
    }
    text_raw(out, "    NULL,\n};\n");
}

void emit_json(struct emit *emit, const struct model_file *file)
{
    const char *head = text_format(emit->arena, "#include \"json/reader.h\"\n#include \"json/writer.h\"\n%s",
                                   emit_includes(emit, file, ".pb-c.h", true));
    const char *includes = text_format(emit->arena, "#include \"json/field.h\"\n#include \"json/well_known.h\"\n%s",
                                       emit_includes(emit, file, ".json.h", false));
    if (file->message_count == 0) {
        return;
    }
    struct buf *header = emit_open_header(emit, file, "json", "Messages to and from JSON.", head);
    struct buf *source = emit_open_source(emit, file, "json", includes);
    emit_json_allocators(emit, source, file);
    for (size_t i = 0; i < file->message_count; i++) {
        const struct model_message *message = &file->messages[i];
        if (!message->map_entry) {
            declare_message(header, message);
            emit_json_writer(emit, source, message);
            emit_json_reader(emit, source, message);
            define_type(source, message);
        }
    }
    define_list(emit, source, file);
    text_add(header,
             "/* Every message of the file, for json_type_find; ends with NULL. */\n"
             "extern const struct json_message_type *const %s[];\n\n",
             list_name(emit, file));
    emit_close_header(header);
}
