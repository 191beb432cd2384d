/* protoc-gen-qvt: reads a CodeGeneratorRequest from stdin, writes a CodeGeneratorResponse to stdout.
 *
 *   protoc --qvt_out=DIR [--qvt_opt=emit=KIND+KIND…,openapi=FILE,reference=FILE] FILE.proto…
 *
 * Faults of the input go to stderr as `file:line: error: …`, exit status 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generator/emit.h"
#include "generator/text.h"

enum { ARENA_CAP = 1 << 30 };

static bool read_all(struct buf *in)
{
    for (;;) {
        if (buf_reserve(in, 65536) != QVT_OK) {
            return false;
        }
        size_t got = fread(in->data + in->len, 1, in->cap - in->len, stdin);
        in->len += got;
        if (got == 0) {
            return ferror(stdin) == 0;
        }
    }
}

static const struct {
    const char *name;
    unsigned kind;
} kinds[] = {
    {"methods", EMIT_METHODS},       {"server", EMIT_SERVER}, {"client", EMIT_CLIENT},
    {"descriptor", EMIT_DESCRIPTOR}, {"json", EMIT_JSON},
};

/* What needs no more than the headers in qvt/rpc/, protobuf-c's messages for the server and nanopb's for the client. */
enum { EMIT_BY_DEFAULT = EMIT_METHODS | EMIT_SERVER | EMIT_CLIENT | EMIT_DESCRIPTOR };

/* "server+client" → kinds; both stand on the methods. */
static bool read_kinds(struct emit *emit, char *text)
{
    char *rest = NULL;
    emit->kinds = 0;
    for (char *word = strtok_r(text, "+", &rest); word != NULL; word = strtok_r(NULL, "+", &rest)) {
        unsigned found = 0;
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            found |= strcmp(word, kinds[i].name) == 0 ? kinds[i].kind : 0;
        }
        if (found == 0) {
            fprintf(stderr,
                    "protoc-gen-qvt: nothing called \"%s\" to emit; known: methods, server, client, descriptor, json\n",
                    word);
            return false;
        }
        emit->kinds |= found;
    }
    return true;
}

/* "a=b,c=d" → the emitters' options; false for a word it does not know. */
static bool read_parameters(struct emit *emit, const char *text)
{
    char *words = text_format(emit->arena, "%s", text);
    char *rest = NULL;
    for (char *word = strtok_r(words, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        if (strncmp(word, "emit=", 5) == 0) {
            if (!read_kinds(emit, word + 5)) {
                return false;
            }
        } else if (strncmp(word, "openapi=", 8) == 0) {
            emit->openapi = word + 8;
        } else if (strncmp(word, "reference=", 10) == 0) {
            emit->reference = word + 10;
        } else {
            fprintf(stderr,
                    "protoc-gen-qvt: unknown option \"%s\"; known: emit=KIND+KIND, openapi=FILE, "
                    "reference=FILE\n",
                    word);
            return false;
        }
    }
    return true;
}

static void run_emitters_of(struct emit *emit, const struct model_file *file)
{
    if ((emit->kinds & EMIT_METHODS) != 0) {
        emit_methods(emit, file);
    }
    if ((emit->kinds & EMIT_SERVER) != 0) {
        emit_server(emit, file);
    }
    if ((emit->kinds & EMIT_CLIENT) != 0) {
        emit_client(emit, file);
    }
    if ((emit->kinds & EMIT_DESCRIPTOR) != 0) {
        emit_descriptor(emit, file);
    }
    if ((emit->kinds & EMIT_JSON) != 0) {
        emit_bindings(emit, file);
        emit_json(emit, file);
        emit_routes(emit, file);
    }
}

static void run_emitters(struct emit *emit)
{
    for (size_t i = 0; i < emit->model->file_count; i++) {
        const struct model_file *file = &emit->model->files[i];
        if (file->generate) {
            run_emitters_of(emit, file);
        }
    }
    emit_openapi(emit);
    emit_reference(emit);
}

static bool write_response(struct emit *emit)
{
    typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File response_file;
    Google__Protobuf__Compiler__CodeGeneratorResponse response =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    response_file *files = text_alloc(emit->arena, emit->file_count * sizeof(*files));
    response.has_supported_features = true;
    response.supported_features = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    response.file = text_alloc(emit->arena, emit->file_count * sizeof(*response.file));
    for (size_t i = 0; i < emit->file_count; i++) {
        google__protobuf__compiler__code_generator_response__file__init(&files[i]);
        files[i].name = text_format(emit->arena, "%s", emit->files[i].name);
        text_add(&emit->files[i].text, "%c", '\0');
        files[i].content = (char *)emit->files[i].text.data;
        response.file[response.n_file++] = &files[i];
    }
    size_t size = google__protobuf__compiler__code_generator_response__get_packed_size(&response);
    uint8_t *wire = text_alloc(emit->arena, size);
    google__protobuf__compiler__code_generator_response__pack(&response, wire);
    return fwrite(wire, 1, size, stdout) == size && fflush(stdout) == 0;
}

static int generate(struct arena *arena, const Google__Protobuf__Compiler__CodeGeneratorRequest *request)
{
    struct model model = {.with_json = false};
    struct emit emit = {.arena = arena, .model = &model, .kinds = EMIT_BY_DEFAULT};
    emit.files = text_alloc(arena, EMIT_FILES_MAX * sizeof(*emit.files));
    if (!read_parameters(&emit, request->parameter == NULL ? "" : request->parameter)) {
        return 1;
    }
    model.with_json = (emit.kinds & EMIT_JSON) != 0 || emit.openapi != NULL || emit.reference != NULL;
    model_build(&model, arena, request);
    if (model.error_count > 0) {
        return 1;
    }
    run_emitters(&emit);
    bool written = write_response(&emit);
    for (size_t i = 0; i < emit.file_count; i++) {
        buf_deinit(&emit.files[i].text);
    }
    return written ? 0 : 1;
}

/* Whoever runs it by hand gets an answer instead of a program that waits for a request. */
static int explain(const char *word)
{
    bool asked = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
    fputs("usage: protoc --qvt_out=DIR [--qvt_opt=emit=KIND+KIND,openapi=FILE,reference=FILE] FILE.proto...\n"
          "KIND: methods, server, client, descriptor (these four by default), json\n"
          "protoc-gen-qvt is a plugin of protoc: a request comes on stdin, there are no arguments.\n",
          asked ? stdout : stderr);
    return asked ? 0 : 2;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return explain(argv[1]);
    }
    struct buf in = BUF_INIT;
    struct arena arena;
    Google__Protobuf__Compiler__CodeGeneratorRequest *request = NULL;
    int result = 1;
    arena_init(&arena, ARENA_CAP);
    if (read_all(&in)) {
        request = google__protobuf__compiler__code_generator_request__unpack(NULL, in.len, in.data);
    }
    if (request == NULL) {
        fputs("protoc-gen-qvt: a plugin of protoc: stdin holds no CodeGeneratorRequest\n", stderr);
    } else {
        result = generate(&arena, request);
        google__protobuf__compiler__code_generator_request__free_unpacked(request, NULL);
    }
    buf_deinit(&in);
    arena_deinit(&arena);
    return result;
}
