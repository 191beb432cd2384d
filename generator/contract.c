#include "generator/contract.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "generator/text.h"

/* Pointers to messages, enums, methods, fields or values; each once. */
struct set {
    struct arena *arena;
    const void **items;
    size_t count, capacity;
};

/* What a service reaches. */
struct reach {
    struct set messages;
    struct set enums;
};

static void grow(struct set *set)
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity == 0 ? 16 : set->capacity * 2;
        const void **items = text_alloc(set->arena, capacity * sizeof(const void *));
        if (set->count > 0) {
            memcpy(items, set->items, set->count * sizeof(const void *));
        }
        set->items = items;
        set->capacity = capacity;
    }
}

/* False: it was there. */
static bool add(struct set *set, const void *item)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i] == item) {
            return false;
        }
    }
    grow(set);
    set->items[set->count++] = item;
    return true;
}

/* A map's entry is no message of its own: what it holds is. */
static void reach_message(struct reach *reach, const struct model_message *message)
{
    if (!message->map_entry && !add(&reach->messages, message)) {
        return;
    }
    for (size_t i = 0; i < message->field_count; i++) {
        const struct model_field *field = &message->fields[i];
        if (field->enumeration != NULL) {
            (void)add(&reach->enums, field->enumeration);
        }
        if (field->message != NULL) {
            reach_message(reach, field->message);
        }
    }
}

static int compare_messages(const void *a, const void *b)
{
    const struct model_message *const *left = a, *const *right = b;
    return strcmp((*left)->full_name, (*right)->full_name);
}

static int compare_enums(const void *a, const void *b)
{
    const struct model_enum *const *left = a, *const *right = b;
    return strcmp((*left)->full_name, (*right)->full_name);
}

static int compare_methods(const void *a, const void *b)
{
    const struct model_method *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static int compare_fields(const void *a, const void *b)
{
    const struct model_field *const *left = a, *const *right = b;
    return (*left)->number < (*right)->number ? -1 : 1;
}

static int compare_values(const void *a, const void *b)
{
    const struct model_enum_value *const *left = a, *const *right = b;
    if ((*left)->number != (*right)->number) {
        return (*left)->number < (*right)->number ? -1 : 1;
    }
    return strcmp((*left)->name, (*right)->name);
}

static void sort(struct set *set, int (*compare)(const void *a, const void *b))
{
    if (set->count > 1) {
        qsort(set->items, set->count, sizeof(const void *), compare);
    }
}

static const char *type_of(const struct model_field *field)
{
    static const char *const names[] = {
        [TYPE_DOUBLE] = "double",     [TYPE_FLOAT] = "float",   [TYPE_INT64] = "int64",
        [TYPE_UINT64] = "uint64",     [TYPE_INT32] = "int32",   [TYPE_FIXED64] = "fixed64",
        [TYPE_FIXED32] = "fixed32",   [TYPE_BOOL] = "bool",     [TYPE_STRING] = "string",
        [TYPE_BYTES] = "bytes",       [TYPE_UINT32] = "uint32", [TYPE_SFIXED32] = "sfixed32",
        [TYPE_SFIXED64] = "sfixed64", [TYPE_SINT32] = "sint32", [TYPE_SINT64] = "sint64",
    };
    if (field->message != NULL) {
        return field->message->full_name;
    }
    return field->enumeration != NULL ? field->enumeration->full_name : names[field->type];
}

/* In proto2 every singular scalar has presence, and says so here as proto3's `optional`. */
static void write_label(struct buf *out, const struct model_field *field)
{
    if (field->oneof != NULL && !field->oneof->synthetic) {
        text_add(out, " oneof %s", field->oneof->name);
    } else if (field->repeated) {
        text_raw(out, field->is_map ? " map" : " repeated");
    } else if (field->presence == PRESENCE_ALWAYS) {
        text_raw(out, " required");
    } else if (field->message == NULL && field->presence != PRESENCE_NONE) {
        text_raw(out, " optional");
    }
}

static void write_field(struct buf *out, const struct model_field *field)
{
    text_add(out, "  %d %s", (int)field->number, field->name);
    write_label(out, field);
    if (field->is_map) {
        const struct model_message *entry = field->message;
        text_add(out, " %s %s\n", type_of(&entry->fields[0]), type_of(&entry->fields[1]));
    } else {
        text_add(out, " %s\n", type_of(field));
    }
}

static void write_message(struct buf *out, struct arena *arena, const struct model_message *message)
{
    struct set fields = {.arena = arena};
    for (size_t i = 0; i < message->field_count; i++) {
        (void)add(&fields, &message->fields[i]);
    }
    sort(&fields, compare_fields);
    text_add(out, "message %s\n", message->full_name);
    for (size_t i = 0; i < fields.count; i++) {
        write_field(out, fields.items[i]);
    }
}

static void write_enum(struct buf *out, struct arena *arena, const struct model_enum *enumeration)
{
    struct set values = {.arena = arena};
    for (size_t i = 0; i < enumeration->value_count; i++) {
        (void)add(&values, &enumeration->values[i]);
    }
    sort(&values, compare_values);
    text_add(out, "enum %s\n", enumeration->full_name);
    for (size_t i = 0; i < values.count; i++) {
        const struct model_enum_value *value = values.items[i];
        text_add(out, "  %d %s\n", (int)value->number, value->name);
    }
}

static const char *kind_of(const struct model_method *method)
{
    if (method->client_streaming) {
        return method->server_streaming ? "bidi" : "client";
    }
    return method->server_streaming ? "server" : "unary";
}

static void write_service(struct buf *out, struct arena *arena, const struct model_service *service)
{
    struct set methods = {.arena = arena};
    for (size_t i = 0; i < service->method_count; i++) {
        (void)add(&methods, &service->methods[i]);
    }
    sort(&methods, compare_methods);
    text_add(out, "qvt contract 1\nservice %s\n", service->full_name);
    for (size_t i = 0; i < methods.count; i++) {
        const struct model_method *method = methods.items[i];
        text_add(out, "  %s %s %s %s\n", method->name, method->input->full_name, method->output->full_name,
                 kind_of(method));
    }
}

void contract_text(struct buf *out, struct arena *arena, const struct model_service *service)
{
    struct reach reach = {.messages = {.arena = arena}, .enums = {.arena = arena}};
    for (size_t i = 0; i < service->method_count; i++) {
        reach_message(&reach, service->methods[i].input);
        reach_message(&reach, service->methods[i].output);
    }
    sort(&reach.messages, compare_messages);
    sort(&reach.enums, compare_enums);
    write_service(out, arena, service);
    for (size_t i = 0; i < reach.messages.count; i++) {
        write_message(out, arena, reach.messages.items[i]);
    }
    for (size_t i = 0; i < reach.enums.count; i++) {
        write_enum(out, arena, reach.enums.items[i]);
    }
}

uint64_t contract_fingerprint(struct arena *arena, const struct model_service *service)
{
    struct buf text = BUF_INIT;
    contract_text(&text, arena, service);
    uint64_t fingerprint = XXH64(text.data, text.len, 0);
    buf_deinit(&text);
    return fingerprint != 0 ? fingerprint : 1;
}
