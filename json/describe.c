#include "json/describe.h"

#include <stdio.h>

#include "base/utf8.h"

enum { SHOWN_MAX = 80 };

static const char *describe(const char *text, const char *quote, char *out)
{
    qvt_slice slice = qvt_slice_text(text);
    size_t kept = utf8_cut(slice, SHOWN_MAX);
    (void)snprintf(out, DESCRIBE_MAX, "%s%.*s%s%s", quote, (int)kept, text, kept < slice.len ? "…" : "", quote);
    return out;
}

const char *describe_text(const char *text, char *out)
{
    return describe(text, "\"", out);
}

const char *describe_number(const char *text, char *out)
{
    return describe(text, "", out);
}
