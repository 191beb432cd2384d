/* UTF-8 as RFC 3629 defines it: no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef QVT_BASE_UTF8_H
#define QVT_BASE_UTF8_H

#include <stdbool.h>

#include "qvt/slice.h"

bool utf8_is_valid(qvt_slice text);

/* Valid, and without C0 and C1 control characters, DEL, and U+2028 and U+2029: what SPEC §2 calls printable. */
bool utf8_is_printable(qvt_slice text);

/* The length of the longest prefix of at most `max` bytes that does not cut a character. */
size_t utf8_cut(qvt_slice text, size_t max);

/* The length in bytes, 1 to 4, of the character at the start of the text when it is valid and printable; else 0, also
 * for the empty text. */
size_t utf8_printable_len(qvt_slice text);

/* Copies the text to `out`, each byte that is not part of a printable character as \xNN. Stops before the first
 * character that does not fit into `cap` bytes. Writes no NUL; returns the bytes written. */
size_t utf8_escape(qvt_slice text, char *out, size_t cap);

#endif
