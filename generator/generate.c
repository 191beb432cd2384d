#include "generator/generate.h"

#include <stdio.h>
#include <string.h>

#include "generator/emit.h"
#include "generator/text.h"

enum { ARENA_CAP = 1 << 30 };

static const struct {
    const char *name;
    unsigned kind;
} kinds[] = {
    {"methods", EMIT_METHODS},       {"server", EMIT_SERVER}, {"client", EMIT_CLIENT},
    {"descriptor", EMIT_DESCRIPTOR}, {"json", EMIT_JSON},     {"contract", EMIT_CONTRACT},
};

/* What needs no more than the headers in qvt/rpc/, protobuf-c's messages for the server and nanopb's for the client. */
enum { EMIT_BY_DEFAULT = EMIT_METHODS | EMIT_SERVER | EMIT_CLIENT | EMIT_DESCRIPTOR | EMIT_CONTRACT };

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
            fprintf(
                stderr,
                "protoc-gen-qvt: nothing called \"%s\" to emit; known: methods, server, client, descriptor, contract, "
                "json\n",
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
    if ((emit->kinds & EMIT_CONTRACT) != 0) {
        emit_contract(emit, file);
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

static void write_response(struct emit *emit, struct buf *out)
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
    text_reserve(out, size);
    out->len += google__protobuf__compiler__code_generator_response__pack(&response, out->data + out->len);
}

static bool run(struct emit *emit, struct model *model, const Google__Protobuf__Compiler__CodeGeneratorRequest *request)
{
    if (!read_parameters(emit, request->parameter == NULL ? "" : request->parameter)) {
        return false;
    }
    model->with_json = (emit->kinds & EMIT_JSON) != 0 || emit->openapi != NULL || emit->reference != NULL;
    model_build(model, emit->arena, request);
    if (model->error_count > 0) {
        return false;
    }
    run_emitters(emit);
    return true;
}

bool generate(struct buf *response, const Google__Protobuf__Compiler__CodeGeneratorRequest *request)
{
    struct arena arena;
    struct model model = {.with_json = false};
    struct emit emit = {.arena = &arena, .model = &model, .kinds = EMIT_BY_DEFAULT};
    arena_init(&arena, ARENA_CAP);
    emit.files = text_alloc(&arena, EMIT_FILES_MAX * sizeof(*emit.files));
    bool done = run(&emit, &model, request);
    if (done) {
        write_response(&emit, response);
    }
    for (size_t i = 0; i < emit.file_count; i++) {
        buf_deinit(&emit.files[i].text);
    }
    arena_deinit(&arena);
    return done;
}
