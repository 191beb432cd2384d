/* Colours of a terminal. */
#ifndef QVT_CLI_STYLE_H
#define QVT_CLI_STYLE_H

#include <stdbool.h>
#include <stdio.h>

enum style { STYLE_PLAIN, STYLE_HEADER, STYLE_GOOD, STYLE_WARNING, STYLE_BAD };

/* Whether what is written there may be coloured: a terminal that is not dumb, and $NO_COLOR is unset or empty. */
bool style_is_on(FILE *out);

/* What begins the style, and what ends every one; static, "" for PLAIN. */
const char *style_begin(enum style style);
const char *style_end(enum style style);

#endif
