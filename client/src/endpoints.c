#include "client/src/endpoints.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLE "QVT_ENDPOINTS"

/* Blanks around an endpoint, and empty ones, do not count. */
static void cut(struct endpoints *out)
{
    char *rest = out->text;
    char *each;
    while ((each = strtok_r(NULL, ", \t\n", &rest)) != NULL) {
        out->list[out->count++] = each;
    }
}

qvt_status endpoints_read(struct endpoints *out, const qvt_client_options *options, qvt_error *error)
{
    *out = (struct endpoints){options->endpoints, options->endpoint_count, NULL, NULL};
    if (options->endpoint_count > 0 && options->endpoints != NULL) {
        return QVT_OK;
    }
    const char *text = getenv(VARIABLE);
    out->count = 0;
    if (text != NULL) {
        size_t len = strlen(text);
        out->text = malloc(len + 1);
        out->list = malloc((len / 2 + 1) * sizeof *out->list);
        if (out->text == NULL || out->list == NULL) {
            endpoints_deinit(out);
            return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for a client");
        }
        memcpy(out->text, text, len + 1);
        cut(out);
        out->items = out->list;
    }
    return QVT_OK;
}

void endpoints_deinit(struct endpoints *endpoints)
{
    free(endpoints->text);
    free(endpoints->list);
    endpoints->text = NULL;
    endpoints->list = NULL;
}
