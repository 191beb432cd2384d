/* The two halves of <proto>.json.c. */
#ifndef QVT_GENERATOR_EMIT_JSON_H
#define QVT_GENERATOR_EMIT_JSON_H

#include "generator/emit.h"

/* `<message>_write_json` of one message. */
void emit_json_writer(struct emit *emit, struct buf *out, const struct model_message *message);

/* The static functions that all readers of the file lean on. */
void emit_json_allocators(struct emit *emit, struct buf *out, const struct model_file *file);

/* `<message>_read_json` of one message, and the static functions under it. */
void emit_json_reader(struct emit *emit, struct buf *out, const struct model_message *message);

#endif
