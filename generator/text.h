/* Text that the generator builds: arena strings, output buffers, C and JSON literals. Out of memory ends the process. */
#ifndef QVT_GENERATOR_TEXT_H
#define QVT_GENERATOR_TEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "qvt/status.h"

/* Zeroed, aligned for any type, lives as long as the arena. */
void *text_alloc(struct arena *arena, size_t size);

/* A formatted string in the arena. */
char *text_format(struct arena *arena, const char *format, ...) QVT_PRINTF(2, 3);

/* Makes room behind len. */
void text_reserve(struct buf *out, size_t extra);

/* Appends. */
void text_add(struct buf *out, const char *format, ...) QVT_PRINTF(2, 3);
void text_raw(struct buf *out, const char *text);

/* Appends a C string literal with its quotes. Safe for any bytes: no trigraph, no hex escape that eats what follows. */
void text_c_literal(struct buf *out, const char *text);

/* Appends a JSON string with its quotes; the text is UTF-8. */
void text_json_literal(struct buf *out, const char *text);

/* The literal as an arena string. */
char *text_c_quoted(struct arena *arena, const char *text);

/* The C literal of the JSON string of the text: what generated code copies to its output. */
char *text_c_quoted_json(struct arena *arena, const char *text);

/* Appends the text as a C comment, each line behind `indent`; nothing when it is empty. */
void text_c_comment(struct buf *out, const char *indent, const char *text);

#endif
