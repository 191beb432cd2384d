#include "server/service/checks.h"

#include <stdbool.h>

#include "base/utf8.h"

enum { SILO_ID_MAX = 128, ACTOR_TYPE_MAX = 256, SHOWN_MAX = 160 };

static bool is_dots(qvt_slice text)
{
    return qvt_slice_equal(text, qvt_slice_text(".")) || qvt_slice_equal(text, qvt_slice_text(".."));
}

static bool is_cluster_char(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

static int shown(qvt_slice text)
{
    return (int)utf8_cut(text, SHOWN_MAX);
}

qvt_status check_cluster(qvt_slice name, qvt_error *error)
{
    bool good = name.len >= 1 && name.len <= CLUSTER_NAME_MAX && !is_dots(name);
    for (size_t i = 0; good && i < name.len; i++) {
        good = is_cluster_char(name.data[i]);
    }
    if (good) {
        return QVT_OK;
    }
    return qvt_error_field(error, "cluster",
                           "cluster \"%.*s\" is not 1 to %d characters of A-Z a-z 0-9 . _ - except . and ..",
                           shown(name), (const char *)name.data, CLUSTER_NAME_MAX);
}

qvt_status check_silo_id(const char *field, qvt_slice silo_id, qvt_error *error)
{
    if (silo_id.len == 0) {
        return qvt_error_field(error, field, "%s is missing", field);
    }
    if (silo_id.len > SILO_ID_MAX || !utf8_is_printable(silo_id) || is_dots(silo_id)) {
        return qvt_error_field(error, field, "%s \"%.*s\" is not 1 to %d bytes of printable UTF-8 except . and ..",
                               field, shown(silo_id), (const char *)silo_id.data, SILO_ID_MAX);
    }
    return QVT_OK;
}

qvt_status check_actor_type(const char *field, qvt_slice actor_type, qvt_error *error)
{
    if (actor_type.len == 0) {
        return qvt_error_field(error, field, "%s is missing", field);
    }
    if (actor_type.len > ACTOR_TYPE_MAX || !utf8_is_valid(actor_type)) {
        return qvt_error_field(error, field, "%s \"%.*s\" is not 1 to %d bytes of UTF-8", field, shown(actor_type),
                               (const char *)actor_type.data, ACTOR_TYPE_MAX);
    }
    return QVT_OK;
}
