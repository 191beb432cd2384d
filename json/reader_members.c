#include "json/reader.h"

#include <string.h>

#include "base/check.h"

qvt_status json_members_begin(struct json_members *members, struct json_reader *reader, json_t *value,
                              const struct json_name *names, size_t count)
{
    QVT_TRY(json_reader_expect_object(reader, value));
    if (reader->depth == JSON_DEPTH_MAX) {
        return json_reader_refuse(reader, "more than %d messages in each other", JSON_DEPTH_MAX);
    }
    reader->depth++;
    *members = (struct json_members){.object = value, .names = names, .count = count};
    members->iterator = json_object_iter(value);
    return QVT_OK;
}

static size_t find_name(const struct json_members *members, const char *key)
{
    size_t index = 0;
    while (index < members->count && strcmp(members->names[index].json, key) != 0 &&
           strcmp(members->names[index].proto, key) != 0) {
        index++;
    }
    return index;
}

static bool has_both_spellings(const struct json_members *members, const struct json_name *name)
{
    return strcmp(name->proto, name->json) != 0 && json_object_get(members->object, name->proto) != NULL &&
           json_object_get(members->object, name->json) != NULL;
}

/* Enters the field of the key; false to skip it, with members->status set when it is refused. */
static bool take(struct json_members *members, struct json_reader *reader, const char *key)
{
    members->index = find_name(members, key);
    if (members->index == members->count) {
        if (!reader->ignore_unknown) {
            json_reader_enter_field(reader, key);
            members->status = json_reader_refuse(reader, "unknown field");
            json_reader_leave(reader);
        }
        return false;
    }
    const struct json_name *name = &members->names[members->index];
    json_reader_enter_field(reader, name->proto);
    if (has_both_spellings(members, name)) {
        members->status = json_reader_refuse(reader, "given twice, as \"%s\" and as \"%s\"", name->proto, name->json);
    } else if (!json_is_null(members->value)) {
        return true;
    }
    json_reader_leave(reader);
    return false;
}

bool json_members_next(struct json_members *members, struct json_reader *reader)
{
    if (members->entered) {
        json_reader_leave(reader);
        members->entered = false;
    }
    while (members->status == QVT_OK && members->iterator != NULL) {
        void *at = members->iterator;
        members->iterator = json_object_iter_next(members->object, at);
        members->value = json_object_iter_value(at);
        if (take(members, reader, json_object_iter_key(at))) {
            members->entered = true;
            return true;
        }
    }
    return false;
}

qvt_status json_members_end(struct json_members *members, struct json_reader *reader)
{
    if (members->entered) {
        json_reader_leave(reader);
    }
    reader->depth--;
    return members->status;
}
