#include "server/service/error_field.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "qvt/slice.h"

void error_name_field(qvt_error *out, const qvt_error *error)
{
    *out = *error;
    if (error->field[0] == '\0' || strstr(error->message, error->field) != NULL) {
        return;
    }
    size_t room = sizeof(out->message) - sizeof(error->field) - 2;
    snprintf(out->message, sizeof(out->message), "%s: %.*s", error->field,
             (int)utf8_cut(qvt_slice_text(error->message), room), error->message);
}
