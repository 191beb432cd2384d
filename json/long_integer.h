/* Whole numbers beyond jansson's int64: the parser keeps their text as a marked string. */
#ifndef QVT_JSON_LONG_INTEGER_H
#define QVT_JSON_LONG_INTEGER_H

#include <jansson.h>

/* What a marked string starts with; in no other string, because the parser refuses it there. */
#define LONG_INTEGER_ESCAPE "\\u0000"

/* The digits, with their sign; NULL for any other value. */
static inline const char *long_integer_text(const json_t *value)
{
    if (!json_is_string(value) || json_string_length(value) < 2 || json_string_value(value)[0] != '\0') {
        return NULL;
    }
    return json_string_value(value) + 1;
}

#endif
