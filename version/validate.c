#include "version/validate.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/utf8.h"
#include "version/semver.h"

#define SILO_ID_MAX 128u
#define ACTOR_TYPE_MAX 256u
#define ACTOR_ID_MAX 256u
#define ADDRESS_MAX 256u

/* The offending value, cut to what a message can show. */
#define SHOW(slice) (int)utf8_cut((slice), 160), (const char *)(slice).data

static bool is_dots(qvt_slice text)
{
    return qvt_slice_equal(text, qvt_slice_text(".")) || qvt_slice_equal(text, qvt_slice_text(".."));
}

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

qvt_status validate_cluster(qvt_slice name, const char *field, qvt_error *error)
{
    bool valid = name.len >= 1 && name.len <= CLUSTER_NAME_MAX && !is_dots(name);
    for (size_t i = 0; valid && i < name.len; i++) {
        valid = is_name_byte(name.data[i]);
    }
    if (valid) {
        return QVT_OK;
    }
    return qvt_error_field(error, field, "%s: \"%.*s\": a cluster's name is 1 to %d of A-Z a-z 0-9 . _ -, not . or ..",
                           field, SHOW(name), CLUSTER_NAME_MAX);
}

qvt_status validate_silo_id(qvt_slice silo_id, const char *field, qvt_error *error)
{
    if (silo_id.len == 0) {
        return qvt_error_field(error, field, "%s: missing: a silo id is 1 to %u bytes", field, SILO_ID_MAX);
    }
    if (silo_id.len > SILO_ID_MAX) {
        return qvt_error_field(error, field, "%s: \"%.*s\": %zu bytes, a silo id is 1 to %u", field, SHOW(silo_id),
                               silo_id.len, SILO_ID_MAX);
    }
    if (is_dots(silo_id) || !utf8_is_printable(silo_id)) {
        return qvt_error_field(error, field, "%s: \"%.*s\": a silo id is printable UTF-8 and not . or ..", field,
                               SHOW(silo_id));
    }
    return QVT_OK;
}

qvt_status validate_actor_type(qvt_slice actor_type, const char *field, qvt_error *error)
{
    if (actor_type.len == 0) {
        return qvt_error_field(error, field, "%s: missing: an actor type is 1 to %u bytes", field, ACTOR_TYPE_MAX);
    }
    if (actor_type.len > ACTOR_TYPE_MAX) {
        return qvt_error_field(error, field, "%s: \"%.*s\": %zu bytes, an actor type is 1 to %u", field,
                               SHOW(actor_type), actor_type.len, ACTOR_TYPE_MAX);
    }
    if (!utf8_is_valid(actor_type)) {
        return qvt_error_field(error, field, "%s: \"%.*s\": an actor type is valid UTF-8", field, SHOW(actor_type));
    }
    return QVT_OK;
}

qvt_status validate_actor_id(qvt_slice actor_id, const char *field, qvt_error *error)
{
    if (actor_id.len > ACTOR_ID_MAX || !utf8_is_valid(actor_id)) {
        return qvt_error_field(error, field, "%s: \"%.*s\": %zu bytes, an actor id is 1 to %u of UTF-8", field,
                               SHOW(actor_id), actor_id.len, ACTOR_ID_MAX);
    }
    return QVT_OK;
}

qvt_status validate_address(qvt_slice address, const char *field, qvt_error *error)
{
    if (address.len == 0) {
        return qvt_error_field(error, field, "missing: an address is 1 to %u bytes", ADDRESS_MAX);
    }
    if (address.len > ADDRESS_MAX || !utf8_is_printable(address)) {
        return qvt_error_field(error, field, "\"%.*s\": an address is 1 to %u bytes of printable UTF-8", SHOW(address),
                               ADDRESS_MAX);
    }
    return QVT_OK;
}

qvt_status validate_port(uint32_t port, const char *field, qvt_error *error)
{
    if (port >= 1 && port <= 65535) {
        return QVT_OK;
    }
    return qvt_error_field(error, field, "%" PRIu32 ": a port is 1 to 65535", port);
}

qvt_status validate_label(qvt_slice key, qvt_slice value, uint32_t max, const char *field, qvt_error *error)
{
    if (key.len == 0 || key.len > max || !utf8_is_valid(key)) {
        return qvt_error_field(error, field, "\"%.*s\": a label's key is 1 to %" PRIu32 " bytes of UTF-8, not %zu",
                               SHOW(key), max, key.len);
    }
    if (value.len > max || !utf8_is_valid(value)) {
        return qvt_error_field(error, field,
                               "\"%.*s\": the label's value is at most %" PRIu32 " bytes of UTF-8, not %zu", SHOW(key),
                               max, value.len);
    }
    return QVT_OK;
}

static qvt_status refuse_version(const char *actor_type, qvt_slice text, const char *why, const char *field,
                                 qvt_error *error)
{
    char path[QVT_ERROR_FIELD_MAX];
    snprintf(path, sizeof path, "%s[%.64s].version", field, actor_type);
    if (text.len == 0) {
        return qvt_error_field(error, path, "missing: every actor type needs a version");
    }
    return qvt_error_field(error, path, "\"%.*s\" is no version: %s", SHOW(text), why);
}

qvt_status validate_type_version(const char *actor_type, qvt_slice version, const char *field, qvt_error *error)
{
    struct semver parsed;
    const char *why = "";
    QVT_TRY(validate_actor_type(qvt_slice_text(actor_type), field, error));
    if (version.len == 0 || semver_parse(&parsed, version, &why) != QVT_OK) {
        return refuse_version(actor_type, version, why, field, error);
    }
    return QVT_OK;
}

qvt_status validate_text(const char *text, size_t max, const char *field, qvt_error *error)
{
    qvt_slice slice = qvt_slice_text(text);
    if (slice.len > max || !utf8_is_valid(slice)) {
        return qvt_error_field(error, field, "%zu bytes: at most %zu bytes of UTF-8", slice.len, max);
    }
    return QVT_OK;
}
