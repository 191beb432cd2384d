/* <proto>.descriptor.{h,c}: the file and everything it imports, as data of qvt/rpc/descriptor.h. */
#include <string.h>

#include "generator/emit.h"
#include "generator/names.h"
#include "generator/text.h"

enum { BYTES_A_LINE = 24 };

/* The files that reflection has to hand out with one of them, each once, itself first. */
struct closure {
    const struct model *model;
    const struct model_file **files;
    size_t count;
};

static bool is_in(const struct closure *closure, const struct model_file *file)
{
    for (size_t i = 0; i < closure->count; i++) {
        if (closure->files[i] == file) {
            return true;
        }
    }
    return false;
}

static const struct model_file *find_file(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->file_count; i++) {
        if (strcmp(model->files[i].name, name) == 0) {
            return &model->files[i];
        }
    }
    return NULL;
}

/* Breadth first: what was added last has its own imports still to be looked at. */
static struct closure close_over(struct emit *emit, const struct model_file *file)
{
    struct closure closure = {.model = emit->model};
    closure.files = text_alloc(emit->arena, emit->model->file_count * sizeof(*closure.files));
    closure.files[closure.count++] = file;
    for (size_t i = 0; i < closure.count; i++) {
        const Google__Protobuf__FileDescriptorProto *proto = closure.files[i]->proto;
        for (size_t j = 0; j < proto->n_dependency; j++) {
            const struct model_file *import = find_file(emit->model, proto->dependency[j]);
            if (import != NULL && !is_in(&closure, import)) {
                closure.files[closure.count++] = import;
            }
        }
    }
    return closure;
}

/* Comments and positions are of no use to who reads a descriptor, and most of its size. */
static void define_bytes(struct emit *emit, struct buf *out, const struct model_file *file, size_t index)
{
    Google__Protobuf__FileDescriptorProto proto = *file->proto;
    proto.source_code_info = NULL;
    size_t size = google__protobuf__file_descriptor_proto__get_packed_size(&proto);
    uint8_t *bytes = text_alloc(emit->arena, size);
    google__protobuf__file_descriptor_proto__pack(&proto, bytes);
    text_add(out, "/* %s */\nstatic const uint8_t file_%zu[] = {", file->name, index);
    for (size_t i = 0; i < size; i++) {
        text_add(out, "%s%u,", i % BYTES_A_LINE == 0 ? "\n    " : " ", bytes[i]);
    }
    text_raw(out, "\n};\n\n");
}

void emit_descriptor(struct emit *emit, const struct model_file *file)
{
    const char *name = names_symbol(emit->arena, names_file(emit->arena, file->name, "_proto"));
    struct closure closure = close_over(emit, file);
    struct buf *header =
        emit_open_header(emit, file, "descriptor", "The file as data.", "#include \"qvt/rpc/descriptor.h\"\n");
    text_add(header, "/* %s and what it imports. */\nextern const qvt_rpc_descriptor_set %s;\n\n", file->name, name);
    emit_close_header(header);
    struct buf *source = emit_open_source(emit, file, "descriptor", "");
    for (size_t i = 0; i < closure.count; i++) {
        define_bytes(emit, source, closure.files[i], i);
    }
    text_raw(source, "static const qvt_rpc_descriptor files[] = {\n");
    for (size_t i = 0; i < closure.count; i++) {
        text_add(source, "    {%s, file_%zu, sizeof(file_%zu)},\n", text_c_quoted(emit->arena, closure.files[i]->name),
                 i, i);
    }
    text_add(source, "};\n\nconst qvt_rpc_descriptor_set %s = {files, %zu};\n", name, closure.count);
}
