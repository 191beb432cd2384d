#include "generator/location.h"

#include <string.h>

#include "generator/text.h"

typedef Google__Protobuf__SourceCodeInfo__Location source_location;

struct location location_child(const struct location *parent, int32_t field, int32_t index)
{
    struct location child = *parent;
    if (child.len + 2 <= LOCATION_PATH_MAX) {
        child.path[child.len++] = field;
        child.path[child.len++] = index;
    }
    return child;
}

static const source_location *find(const struct location *at)
{
    const Google__Protobuf__SourceCodeInfo *info = at->file->source_code_info;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        const source_location *location = info->location[i];
        if (location->n_path == at->len &&
            (at->len == 0 || memcmp(location->path, at->path, at->len * sizeof(at->path[0])) == 0)) {
            return location;
        }
    }
    return NULL;
}

int location_line(const struct location *at)
{
    const source_location *location = find(at);
    return location == NULL || location->n_span == 0 ? 0 : location->span[0] + 1;
}

int location_option_line(const struct location *at, int32_t field, int32_t number)
{
    struct location option = location_child(at, field, number);
    int line = location_line(&option);
    return line != 0 ? line : location_line(at);
}

/* A comment arrives with the blank that followed its marker in front of each line. */
static char *trimmed(struct arena *arena, const char *text)
{
    char *out = text_alloc(arena, strlen(text) + 1);
    size_t len = 0;
    for (const char *line = text; *line != '\0';) {
        size_t width = strcspn(line, "\n");
        const char *end = line + width;
        const char *start = width > 0 && *line == ' ' ? line + 1 : line;
        while (end > start && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) {
            end--;
        }
        memcpy(out + len, start, (size_t)(end - start));
        len += (size_t)(end - start);
        out[len++] = '\n';
        line += width + (line[width] == '\n' ? 1 : 0);
    }
    while (len > 0 && out[len - 1] == '\n') {
        len--;
    }
    out[len] = '\0';
    return out + strspn(out, "\n");
}

const char *location_comment(struct arena *arena, const struct location *at)
{
    const source_location *location = find(at);
    if (location == NULL) {
        return "";
    }
    const char *text = location->leading_comments;
    if (text == NULL || *text == '\0') {
        text = location->trailing_comments;
    }
    return text == NULL ? "" : trimmed(arena, text);
}
