#include "generator/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(qvt_status status)
{
    if (status != QVT_OK) {
        fputs("protoc-gen-qvt: out of memory\n", stderr);
        exit(1);
    }
}

void *text_alloc(struct arena *arena, size_t size)
{
    void *memory = arena_alloc(arena, size == 0 ? 1 : size);
    require(memory == NULL ? QVT_NO_MEMORY : QVT_OK);
    memset(memory, 0, size);
    return memory;
}

static void add_list(struct buf *out, const char *format, va_list list) QVT_PRINTF(2, 0);

static void add_list(struct buf *out, const char *format, va_list list)
{
    va_list again;
    va_copy(again, list);
    int len = vsnprintf(NULL, 0, format, list);
    require(len < 0 ? QVT_NO_MEMORY : buf_reserve(out, (size_t)len + 1));
    (void)vsnprintf((char *)out->data + out->len, (size_t)len + 1, format, again);
    va_end(again);
    out->len += (size_t)len;
}

static char *take(struct arena *arena, struct buf *text)
{
    char *copy = text_alloc(arena, text->len + 1);
    if (text->len > 0) {
        memcpy(copy, text->data, text->len);
    }
    buf_deinit(text);
    return copy;
}

char *text_format(struct arena *arena, const char *format, ...)
{
    struct buf text = BUF_INIT;
    va_list list;
    va_start(list, format);
    add_list(&text, format, list);
    va_end(list);
    return take(arena, &text);
}

void text_add(struct buf *out, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    add_list(out, format, list);
    va_end(list);
}

void text_reserve(struct buf *out, size_t extra)
{
    require(buf_reserve(out, extra));
}

void text_raw(struct buf *out, const char *text)
{
    require(buf_append_text(out, text));
}

void text_c_literal(struct buf *out, const char *text)
{
    text_raw(out, "\"");
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            text_add(out, "\\%c", *at);
        } else if (*at == '\n') {
            text_raw(out, "\\n");
        } else if (*at < 0x20 || *at > 0x7e || *at == '?') {
            text_add(out, "\\%03o", *at);
        } else {
            text_add(out, "%c", *at);
        }
    }
    text_raw(out, "\"");
}

void text_json_literal(struct buf *out, const char *text)
{
    text_raw(out, "\"");
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            text_add(out, "\\%c", *at);
        } else if (*at == '\n') {
            text_raw(out, "\\n");
        } else if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            text_add(out, "\\u%04x", (unsigned)*at);
        } else {
            text_add(out, "%c", *at);
        }
    }
    text_raw(out, "\"");
}

char *text_c_quoted(struct arena *arena, const char *text)
{
    struct buf literal = BUF_INIT;
    text_c_literal(&literal, text);
    return take(arena, &literal);
}

char *text_c_quoted_json(struct arena *arena, const char *text)
{
    struct buf json = BUF_INIT;
    struct buf literal = BUF_INIT;
    text_json_literal(&json, text);
    require(buf_append_byte(&json, '\0'));
    text_c_literal(&literal, (const char *)json.data);
    buf_deinit(&json);
    return take(arena, &literal);
}

static void add_comment_line(struct buf *out, const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        text_add(out, "%c", line[i]);
        if (i + 1 < len && ((line[i] == '*' && line[i + 1] == '/') || (line[i] == '/' && line[i + 1] == '*'))) {
            text_raw(out, " ");
        }
    }
}

void text_c_comment(struct buf *out, const char *indent, const char *text)
{
    if (*text == '\0') {
        return;
    }
    text_add(out, "%s/* ", indent);
    for (const char *line = text; line != NULL;) {
        const char *end = strchr(line, '\n');
        add_comment_line(out, line, end == NULL ? strlen(line) : (size_t)(end - line));
        line = end == NULL ? NULL : end + 1;
        if (line != NULL) {
            text_add(out, "\n%s *%s", indent, *line == '\n' ? "" : " ");
        }
    }
    text_raw(out, " */\n");
}
