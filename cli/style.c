#include "cli/style.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool style_is_on(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    int descriptor = fileno(out);
    return (no_color == NULL || no_color[0] == '\0') && (terminal == NULL || strcmp(terminal, "dumb") != 0) &&
           descriptor >= 0 && isatty(descriptor) == 1;
}

const char *style_begin(enum style style)
{
    switch (style) {
    case STYLE_PLAIN: break;
    case STYLE_HEADER: return "\x1b[1m";
    case STYLE_GOOD: return "\x1b[32m";
    case STYLE_WARNING: return "\x1b[33m";
    case STYLE_BAD: return "\x1b[31m";
    }
    return "";
}

const char *style_end(enum style style)
{
    return style == STYLE_PLAIN ? "" : "\x1b[0m";
}
