/* What the emitters share: the files of the response, and pieces that several of them write. */
#ifndef QVT_GENERATOR_EMIT_H
#define QVT_GENERATOR_EMIT_H

#include "base/buf.h"
#include "generator/model.h"

enum { EMIT_FILES_MAX = 65536 };

struct emit_file {
    const char *name;
    struct buf text;
};

/* What may be written for a file. */
enum emit_kind {
    EMIT_METHODS = 1 << 0,
    EMIT_SERVER = 1 << 1,
    EMIT_CLIENT = 1 << 2,
    EMIT_DESCRIPTOR = 1 << 3,
    EMIT_JSON = 1 << 4, /* with routes and bindings */
    EMIT_CONTRACT = 1 << 5,
};

struct emit {
    struct arena *arena;
    const struct model *model;
    struct emit_file *files; /* EMIT_FILES_MAX of them */
    size_t file_count;
    unsigned kinds;        /* of enum emit_kind */
    const char *openapi;   /* where to write it; NULL: not */
    const char *reference; /* where to write it; NULL: not */
};

/* A new file of the response; borrowed. */
struct buf *emit_open(struct emit *emit, const char *name);

/* The header `<proto>.<kind>.h` up to its declarations, and its end. what: one sentence on its job. */
struct buf *emit_open_header(struct emit *emit, const struct model_file *file, const char *kind, const char *what,
                             const char *includes);
void emit_close_header(struct buf *out);

/* The source `<proto>.<kind>.c` with its own header included, then `includes`. */
struct buf *emit_open_source(struct emit *emit, const struct model_file *file, const char *kind, const char *includes);

/* `#include` lines of `<suffix>` for the file itself (if asked) and its imports that messages of it are used from;
 * an arena string. Suffix such as ".json.h". */
const char *emit_includes(struct emit *emit, const struct model_file *file, const char *suffix, bool itself);

/* Sizes as C wants them: sizeof(array) / sizeof(array[0]) needs at least one element. */
bool emit_has_unary(const struct model_service *service);
bool emit_has_stream(const struct model_service *service);
bool emit_is_unary(const struct model_method *method);

/* One emitter a file. Each writes what the file asks for, nothing when there is nothing. */
void emit_methods(struct emit *emit, const struct model_file *file);
void emit_server(struct emit *emit, const struct model_file *file);
void emit_bindings(struct emit *emit, const struct model_file *file);
void emit_client(struct emit *emit, const struct model_file *file);
void emit_descriptor(struct emit *emit, const struct model_file *file);
void emit_contract(struct emit *emit, const struct model_file *file);
void emit_json(struct emit *emit, const struct model_file *file);
void emit_routes(struct emit *emit, const struct model_file *file);
void emit_openapi(struct emit *emit);
void emit_reference(struct emit *emit);

#endif
