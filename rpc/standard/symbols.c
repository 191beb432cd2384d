#include "rpc/standard/symbols.h"

#include "rpc/wire/protobuf.h"

/* Field numbers of descriptor.proto. */
enum {
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    FILE_EXTENSION = 7,
    ANY_NAME = 1, /* of messages, fields, oneofs, enums, values, services, methods */
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    MESSAGE_EXTENSION = 6,
    MESSAGE_ONEOF = 8,
    ENUM_VALUE = 2,
    SERVICE_METHOD = 2,
    FIELD_EXTENDEE = 2,
    FIELD_NUMBER = 3
};

/* The next field with that number; false: no more. */
static bool next(qvt_slice *rest, uint32_t number, struct protobuf_field *out)
{
    while (rest->len > 0 && protobuf_next(rest, out) == QVT_OK) {
        if (out->number == number) {
            return true;
        }
    }
    return false;
}

/* The first field with that number as bytes, else "". */
static qvt_slice first(qvt_slice message, uint32_t number)
{
    struct protobuf_field field;
    return next(&message, number, &field) ? field.bytes : qvt_slice_make(NULL, 0);
}

/* "a.b" and "a" give "b"; false when the name is no part in front of the symbol. */
static bool skip_part(qvt_slice *symbol, qvt_slice name)
{
    if (symbol->len <= name.len || !qvt_slice_starts_with(*symbol, name) || symbol->data[name.len] != '.') {
        return false;
    }
    *symbol = qvt_slice_make(symbol->data + name.len + 1, symbol->len - name.len - 1);
    return true;
}

/* Whether one of the children with that number has the name. */
static bool has_child(qvt_slice parent, uint32_t number, qvt_slice name)
{
    struct protobuf_field child;
    while (next(&parent, number, &child)) {
        if (qvt_slice_equal(first(child.bytes, ANY_NAME), name)) {
            return true;
        }
    }
    return false;
}

/* The values of an enum are named beside it, not inside (descriptor.proto, EnumValueDescriptor). */
static bool has_enum(qvt_slice parent, uint32_t number, qvt_slice symbol)
{
    struct protobuf_field child;
    if (has_child(parent, number, symbol)) {
        return true;
    }
    while (next(&parent, number, &child)) {
        if (has_child(child.bytes, ENUM_VALUE, symbol)) {
            return true;
        }
    }
    return false;
}

static bool has_method(qvt_slice file, qvt_slice symbol)
{
    struct protobuf_field service;
    while (next(&file, FILE_SERVICE, &service)) {
        qvt_slice inner = symbol;
        if (skip_part(&inner, first(service.bytes, ANY_NAME)) && has_child(service.bytes, SERVICE_METHOD, inner)) {
            return true;
        }
    }
    return false;
}

/* Whether the message or one inside declares the symbol; a message of that name itself only, if asked. */
static bool has_in_message(qvt_slice parent, uint32_t number, qvt_slice symbol, bool only_messages)
{
    struct protobuf_field child;
    while (next(&parent, number, &child)) {
        qvt_slice name = first(child.bytes, ANY_NAME);
        qvt_slice inner = symbol;
        if (qvt_slice_equal(name, symbol)) {
            return true;
        }
        if (!skip_part(&inner, name)) {
            continue;
        }
        if (has_in_message(child.bytes, MESSAGE_NESTED, inner, only_messages) ||
            (!only_messages &&
             (has_child(child.bytes, MESSAGE_FIELD, inner) || has_child(child.bytes, MESSAGE_ONEOF, inner) ||
              has_child(child.bytes, MESSAGE_EXTENSION, inner) || has_enum(child.bytes, MESSAGE_ENUM, inner)))) {
            return true;
        }
    }
    return false;
}

static bool skip_package(qvt_slice file, qvt_slice *symbol)
{
    qvt_slice package = symbols_package(file);
    return package.len == 0 || skip_part(symbol, package);
}

bool symbols_declares(qvt_slice file, qvt_slice symbol)
{
    return skip_package(file, &symbol) &&
           (has_in_message(file, FILE_MESSAGE, symbol, false) || has_child(file, FILE_SERVICE, symbol) ||
            has_method(file, symbol) || has_enum(file, FILE_ENUM, symbol) || has_child(file, FILE_EXTENSION, symbol));
}

bool symbols_declares_message(qvt_slice file, qvt_slice symbol)
{
    return skip_package(file, &symbol) && has_in_message(file, FILE_MESSAGE, symbol, true);
}

bool symbols_next_import(qvt_slice *rest, qvt_slice *name)
{
    struct protobuf_field field;
    bool found = next(rest, FILE_DEPENDENCY, &field);
    *name = found ? field.bytes : qvt_slice_make(NULL, 0);
    return found;
}

bool symbols_next_service(qvt_slice *rest, qvt_slice *name)
{
    struct protobuf_field field;
    bool found = next(rest, FILE_SERVICE, &field);
    *name = found ? first(field.bytes, ANY_NAME) : qvt_slice_make(NULL, 0);
    return found;
}

qvt_slice symbols_package(qvt_slice file)
{
    return first(file, FILE_PACKAGE);
}

static bool tell_extension(qvt_slice extension, bool (*on_extension)(void *data, qvt_slice extendee, int32_t number),
                           void *data)
{
    struct protobuf_field number;
    qvt_slice extendee = first(extension, FIELD_EXTENDEE);
    if (!next(&extension, FIELD_NUMBER, &number)) {
        return true;
    }
    /* Written with a dot in front: ".package.Type". */
    if (extendee.len > 0 && extendee.data[0] == '.') {
        extendee = qvt_slice_make(extendee.data + 1, extendee.len - 1);
    }
    return on_extension(data, extendee, (int32_t)number.value);
}

static bool each_extension(qvt_slice parent, uint32_t extensions, uint32_t messages,
                           bool (*on_extension)(void *data, qvt_slice extendee, int32_t number), void *data)
{
    struct protobuf_field child;
    while (parent.len > 0 && protobuf_next(&parent, &child) == QVT_OK) {
        if (child.number == extensions && !tell_extension(child.bytes, on_extension, data)) {
            return false;
        }
        if (child.number == messages &&
            !each_extension(child.bytes, MESSAGE_EXTENSION, MESSAGE_NESTED, on_extension, data)) {
            return false;
        }
    }
    return true;
}

bool symbols_each_extension(qvt_slice file, bool (*on_extension)(void *data, qvt_slice extendee, int32_t number),
                            void *data)
{
    return each_extension(file, FILE_EXTENSION, FILE_MESSAGE, on_extension, data);
}
