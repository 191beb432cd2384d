#include "server/app/config_file.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "server/app/flag_table.h"
#include "server/app/text_file.h"

struct config {
    const char *path;
    unsigned line;
    unsigned first_line[FLAG_TABLE_MAX]; /* where the flag was set; 0: not yet */
    struct settings *settings;
    qvt_error *error;
};

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
    QVT_TRY(text_file_read(path, CONFIG_FILE_MAX, &settings->config_text, &len, error));
    return read_lines(&config, settings->config_text);
}
