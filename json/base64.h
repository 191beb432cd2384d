/* Base64 as proto3's JSON mapping has it: standard with padding out; standard or URL-safe, padded or not, in. */
#ifndef QVT_JSON_BASE64_H
#define QVT_JSON_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "qvt/slice.h"

/* The characters that encode len bytes. len <= SIZE_MAX / 2. */
size_t base64_text_len(size_t len);

/* Writes base64_text_len(bytes.len) characters, no NUL. */
void base64_write(char *out, qvt_slice bytes);

/* The most bytes that a text of len characters decodes to. */
size_t base64_bytes_max(size_t len);

/* Decodes into out, at least base64_bytes_max(text.len) bytes; false for anything that is not base64. */
bool base64_read(uint8_t *out, size_t *out_len, qvt_slice text);

#endif
