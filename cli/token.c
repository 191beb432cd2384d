#include "cli/token.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_MAX 512

static qvt_status read_line(char out[TOKEN_MAX + 2], const char *path, qvt_error *error)
{
    FILE *file = fopen(path, "r");
    out[0] = '\0';
    if (file == NULL) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "cannot read %s: %s", path, strerror(errno));
    }
    if (fgets(out, TOKEN_MAX + 2, file) == NULL) {
        out[0] = '\0';
    }
    fclose(file);
    out[strcspn(out, "\r\n")] = '\0';
    return QVT_OK;
}

static bool is_token(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return len >= 1 && len <= TOKEN_MAX;
}

qvt_status token_header(char out[TOKEN_HEADER_MAX], const char *file, qvt_error *error)
{
    char line[TOKEN_MAX + 2];
    const char *variable = getenv("QVT_TOKEN");
    const char *token = variable;
    out[0] = '\0';
    if (file != NULL) {
        qvt_status status = read_line(line, file, error);
        if (status != QVT_OK) {
            return status;
        }
        token = line;
    } else if (variable == NULL || variable[0] == '\0') {
        return QVT_OK;
    }
    if (!is_token(token)) {
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "there is no token in %s",
                             file != NULL ? file : "$QVT_TOKEN");
    }
    snprintf(out, TOKEN_HEADER_MAX, "Bearer %s", token);
    return QVT_OK;
}
