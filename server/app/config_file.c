#include "server/app/config_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/utf8.h"
#include "server/app/flag_table.h"

struct config {
    const char *path;
    unsigned line;
    unsigned first_line[FLAG_TABLE_MAX]; /* where the flag was set; 0: not yet */
    struct settings *settings;
    qvt_error *error;
};

static qvt_status cannot_read(const struct config *config, const char *why)
{
    return qvt_error_set(config->error, QVT_UNAVAILABLE, NULL, "cannot read %s: %s", config->path, why);
}

static qvt_status read_all(const struct config *config, FILE *file, char **out, size_t *len)
{
    char *text = malloc(CONFIG_FILE_MAX + 2);
    if (text == NULL) {
        return qvt_error_set(config->error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    *len = fread(text, 1, CONFIG_FILE_MAX + 1, file);
    if (ferror(file)) {
        free(text);
        return cannot_read(config, strerror(errno));
    }
    text[*len] = '\0';
    *out = text;
    return QVT_OK;
}

static qvt_status open_and_read(const struct config *config, char **out, size_t *len)
{
    FILE *file = fopen(config->path, "rb");
    if (file == NULL) {
        return cannot_read(config, strerror(errno));
    }
    qvt_status status = read_all(config, file, out, len);
    fclose(file);
    return status;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts spaces off both ends, in place. */
static char *trim(char *text)
{
    while (is_space(*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && is_space(text[len - 1])) {
        len--;
    }
    text[len] = '\0';
    return text;
}

static void cut_comment(char *line)
{
    for (char *at = line; *at != '\0'; at++) {
        if (*at == '#' && (at == line || is_space(at[-1]))) {
            *at = '\0';
            return;
        }
    }
}

static qvt_status set_flag(struct config *config, const struct flag *flag, const char *value)
{
    unsigned *first = &config->first_line[flag - flag_table];
    qvt_error fault;
    if (*first != 0) {
        return qvt_error_set(config->error, QVT_INVALID_ARGUMENT, NULL, "%s:%u: \"%s\" is set twice, first on line %u",
                             config->path, config->line, flag->name, *first);
    }
    *first = config->line;
    if (*value == '\0') {
        return qvt_error_set(config->error, QVT_INVALID_ARGUMENT, NULL, "%s:%u: \"%s\" needs a value (%s)",
                             config->path, config->line, flag->name, flag->value);
    }
    if (flag_read(flag, value, config->settings, &fault) != QVT_OK) {
        return qvt_error_set(config->error, QVT_INVALID_ARGUMENT, NULL, "%s:%u: %s: %s", config->path, config->line,
                             flag->name, fault.message);
    }
    return QVT_OK;
}

static qvt_status read_line(struct config *config, char *line)
{
    cut_comment(line);
    char *key = trim(line);
    if (*key == '\0') {
        return QVT_OK;
    }
    char *equals = strchr(key, '=');
    if (equals == NULL) {
        return qvt_error_set(config->error, QVT_INVALID_ARGUMENT, NULL, "%s:%u: \"%s\" is no \"key = value\"",
                             config->path, config->line, key);
    }
    *equals = '\0';
    key = trim(key);
    const struct flag *flag = flag_find(key, strlen(key));
    if (flag == NULL || strcmp(key, "config") == 0) {
        return qvt_error_set(config->error, QVT_INVALID_ARGUMENT, NULL, "%s:%u: unknown key \"%s\"; see qvtd --help",
                             config->path, config->line, key);
    }
    return set_flag(config, flag, trim(equals + 1));
}

static qvt_status check_text(const struct config *config, const char *text, size_t len)
{
    unsigned line = 1;
    if (len > CONFIG_FILE_MAX) {
        return qvt_error_set(config->error, QVT_INVALID_ARGUMENT, NULL, "%s:1: the file is over %d bytes", config->path,
                             CONFIG_FILE_MAX);
    }
    for (size_t begin = 0; begin < len; line++) {
        const char *end = memchr(text + begin, '\n', len - begin);
        size_t line_len = end == NULL ? len - begin : (size_t)(end - (text + begin));
        qvt_slice bytes = qvt_slice_make(text + begin, line_len);
        if (!utf8_is_valid(bytes) || memchr(text + begin, '\0', line_len) != NULL) {
            return qvt_error_set(config->error, QVT_INVALID_ARGUMENT, NULL, "%s:%u: not UTF-8 text", config->path,
                                 line);
        }
        begin += line_len + 1;
    }
    return QVT_OK;
}

static qvt_status read_lines(struct config *config, char *text)
{
    for (char *line = text; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        config->line++;
        QVT_TRY(read_line(config, line));
        line = end;
    }
    return QVT_OK;
}

qvt_status config_file_read(const char *path, struct settings *settings, qvt_error *error)
{
    struct config config = {.path = path, .settings = settings, .error = error};
    size_t len = 0;
    QVT_ASSERT(flag_count <= FLAG_TABLE_MAX && settings->config_text == NULL);
    QVT_TRY(open_and_read(&config, &settings->config_text, &len));
    QVT_TRY(check_text(&config, settings->config_text, len));
    return read_lines(&config, settings->config_text);
}
