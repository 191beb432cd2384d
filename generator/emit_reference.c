/* The API reference, Markdown, from the comments of the contract. */
#include "generator/emit.h"
#include "generator/names.h"
#include "generator/text.h"

static const char *const verbs[] = {"GET", "PUT", "POST", "DELETE", "PATCH"};

static const char *scalar_name(enum model_type type)
{
    static const char *const names[] = {
        "",      "double", "float", "int64",  "uint64", "int32",    "fixed64",  "fixed32", "bool",   "string",
        "group", "",       "bytes", "uint32", "",       "sfixed32", "sfixed64", "sint32",  "sint64",
    };
    return names[type];
}

static const char *type_name(struct emit *emit, const struct model_field *field)
{
    if (field->is_map) {
        return text_format(emit->arena, "map<%s, %s>", type_name(emit, &field->message->fields[0]),
                           type_name(emit, &field->message->fields[1]));
    }
    const char *name = field->message != NULL       ? field->message->full_name
                       : field->enumeration != NULL ? field->enumeration->full_name
                                                    : scalar_name(field->type);
    const char *prefix = field->repeated                                   ? "repeated "
                         : field->oneof != NULL && field->oneof->synthetic ? "optional "
                                                                           : "";
    return text_format(emit->arena, "%s%s", prefix, name);
}

/* A cell of a table: one line, no bar. */
static void write_cell(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            text_raw(out, "\\|");
        } else if (*text == '\n') {
            text_raw(out, text[1] == '\n' ? "" : " ");
        } else {
            text_add(out, "%c", *text);
        }
    }
}

static void write_method(struct emit *emit, struct buf *out, const struct model_method *method)
{
    (void)emit;
    text_add(out, "### %s\n\n`%s%s` → `%s%s`%s\n\n", method->name, method->client_streaming ? "stream " : "",
             method->input->full_name, method->server_streaming ? "stream " : "", method->output->full_name,
             method->deprecated ? " (deprecated)" : "");
    text_add(out, "%s%s", method->comment, *method->comment == '\0' ? "" : "\n\n");
    for (size_t i = 0; i < method->route_count; i++) {
        text_add(out, "- `%s %s`%s\n", verbs[method->routes[i].verb], method->routes[i].text,
                 *method->routes[i].body == '\0' ? "" : ", JSON body");
    }
    text_raw(out, method->route_count > 0 ? "\n" : "");
}

static void write_service(struct emit *emit, struct buf *out, const struct model_service *service)
{
    text_add(out, "## Service %s\n\n%s%s", service->full_name, service->comment,
             *service->comment == '\0' ? "" : "\n\n");
    for (size_t i = 0; i < service->method_count; i++) {
        write_method(emit, out, &service->methods[i]);
    }
}

static void write_message(struct emit *emit, struct buf *out, const struct model_message *message)
{
    text_add(out, "### %s\n\n%s%s", message->full_name, message->comment, *message->comment == '\0' ? "" : "\n\n");
    if (message->field_count == 0) {
        text_raw(out, "No fields.\n\n");
        return;
    }
    text_raw(out, "| field | type | |\n|---|---|---|\n");
    for (size_t i = 0; i < message->field_count; i++) {
        const struct model_field *field = &message->fields[i];
        text_add(out, "| `%s` | `%s` | ", field->name, type_name(emit, field));
        if (field->oneof != NULL && !field->oneof->synthetic) {
            text_add(out, "(one of `%s`) ", field->oneof->name);
        }
        write_cell(out, field->comment);
        text_raw(out, " |\n");
    }
    text_raw(out, "\n");
}

static void write_enum(struct buf *out, const struct model_enum *enumeration)
{
    text_add(out, "### %s\n\n%s%s| value | number | |\n|---|---|---|\n", enumeration->full_name, enumeration->comment,
             *enumeration->comment == '\0' ? "" : "\n\n");
    for (size_t i = 0; i < enumeration->value_count; i++) {
        text_add(out, "| `%s` | %d | ", enumeration->values[i].name, (int)enumeration->values[i].number);
        write_cell(out, enumeration->values[i].comment);
        text_raw(out, " |\n");
    }
    text_raw(out, "\n");
}

static void write_types(struct emit *emit, struct buf *out)
{
    text_raw(out, "## Messages\n\n");
    for (size_t i = 0; i < emit->model->file_count; i++) {
        const struct model_file *file = &emit->model->files[i];
        for (size_t j = 0; file->generate && j < file->message_count; j++) {
            if (!file->messages[j].map_entry) {
                write_message(emit, out, &file->messages[j]);
            }
        }
    }
    text_raw(out, "## Enums\n\n");
    for (size_t i = 0; i < emit->model->file_count; i++) {
        const struct model_file *file = &emit->model->files[i];
        for (size_t j = 0; file->generate && j < file->enum_count; j++) {
            write_enum(out, &file->enums[j]);
        }
    }
}

void emit_reference(struct emit *emit)
{
    if (emit->reference == NULL) {
        return;
    }
    struct buf *out = emit_open(emit, emit->reference);
    text_raw(out, "# API reference\n\nGenerated by protoc-gen-qvt from the comments of the proto files.\n\n");
    for (size_t i = 0; i < emit->model->file_count; i++) {
        const struct model_file *file = &emit->model->files[i];
        for (size_t j = 0; file->generate && j < file->service_count; j++) {
            write_service(emit, out, &file->services[j]);
        }
    }
    write_types(emit, out);
}
