#include "rpc/standard/answer.h"

#include <string.h>

#include "base/check.h"
#include "rpc/standard/symbols.h"

enum { MEMORY_MAX = 16 << 20 };

static char empty[] = "";

/* An error of this one request; the stream goes on (grpc server-reflection). */
static void refuse(struct answer *answer, qvt_status status, const char *rule, const char *asked)
{
    (void)qvt_error_set(&answer->error, status, NULL, "%s \"%s\"", rule, asked);
    grpc__reflection__v1__error_response__init(&answer->refusal);
    answer->refusal.error_code = qvt_status_to_grpc(status);
    answer->refusal.error_message = answer->error.message;
    answer->response.message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    answer->response.error_response = &answer->refusal;
}

static qvt_status tell_file(struct answer *answer, const struct files *files, const qvt_rpc_descriptor *file)
{
    const qvt_rpc_descriptor **told = arena_alloc(&answer->arena, files->count * sizeof(const qvt_rpc_descriptor *));
    ProtobufCBinaryData *bytes = arena_alloc(&answer->arena, files->count * sizeof(*bytes));
    if (told == NULL || bytes == NULL) {
        return QVT_NO_MEMORY;
    }
    size_t count = files_with_imports(files, file, told);
    for (size_t i = 0; i < count; i++) {
        /* protobuf-c's type is not const, but packing only reads. */
        bytes[i] = (ProtobufCBinaryData){told[i]->len, (uint8_t *)(uintptr_t)told[i]->data};
    }
    grpc__reflection__v1__file_descriptor_response__init(&answer->found);
    answer->found.n_file_descriptor_proto = count;
    answer->found.file_descriptor_proto = bytes;
    answer->response.message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
    answer->response.file_descriptor_response = &answer->found;
    return QVT_OK;
}

static qvt_status tell_file_of(struct answer *answer, const struct files *files, const qvt_rpc_descriptor *file,
                               const char *rule, const char *asked)
{
    if (file == NULL) {
        refuse(answer, QVT_NOT_FOUND, rule, asked);
        return QVT_OK;
    }
    return tell_file(answer, files, file);
}

static qvt_status tell_extension_numbers(struct answer *answer, const struct files *files, char *type)
{
    if (!files_have_message(files, qvt_slice_text(type))) {
        refuse(answer, QVT_NOT_FOUND, "no message is called", type);
        return QVT_OK;
    }
    size_t count = files_extension_numbers(files, qvt_slice_text(type), NULL, 0);
    int32_t *numbers = arena_alloc(&answer->arena, count * sizeof(*numbers) + 1);
    if (numbers == NULL) {
        return QVT_NO_MEMORY;
    }
    grpc__reflection__v1__extension_number_response__init(&answer->numbers);
    answer->numbers.base_type_name = type;
    answer->numbers.n_extension_number = files_extension_numbers(files, qvt_slice_text(type), numbers, count);
    answer->numbers.extension_number = numbers;
    answer->response.message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
    answer->response.all_extension_numbers_response = &answer->numbers;
    return QVT_OK;
}

static char *join(struct arena *arena, qvt_slice package, qvt_slice name)
{
    size_t dot = package.len > 0 ? 1 : 0;
    char *text = arena_alloc(arena, package.len + dot + name.len + 1);
    if (text != NULL) {
        memcpy(text, package.len > 0 ? package.data : name.data, package.len);
        memcpy(text + package.len, ".", dot);
        memcpy(text + package.len + dot, name.data, name.len);
        text[package.len + dot + name.len] = '\0';
    }
    return text;
}

static size_t count_services(const struct files *files)
{
    size_t count = 0;
    for (size_t i = 0; i < files->root_count; i++) {
        qvt_slice rest = files_bytes(files->roots[i]);
        qvt_slice name;
        while (symbols_next_service(&rest, &name)) {
            count++;
        }
    }
    return count;
}

static qvt_status add_services(struct answer *answer, const qvt_rpc_descriptor *file)
{
    qvt_slice package = symbols_package(files_bytes(file));
    qvt_slice rest = files_bytes(file);
    qvt_slice name;
    while (symbols_next_service(&rest, &name)) {
        Grpc__Reflection__V1__ServiceResponse *service = arena_alloc(&answer->arena, sizeof(*service));
        char *text = join(&answer->arena, package, name);
        if (service == NULL || text == NULL) {
            return QVT_NO_MEMORY;
        }
        grpc__reflection__v1__service_response__init(service);
        service->name = text;
        answer->services.service[answer->services.n_service++] = service;
    }
    return QVT_OK;
}

static qvt_status tell_services(struct answer *answer, const struct files *files)
{
    grpc__reflection__v1__list_service_response__init(&answer->services);
    answer->services.service =
        arena_alloc(&answer->arena, count_services(files) * sizeof(*answer->services.service) + 1);
    if (answer->services.service == NULL) {
        return QVT_NO_MEMORY;
    }
    for (size_t i = 0; i < files->root_count; i++) {
        QVT_TRY(add_services(answer, files->roots[i]));
    }
    answer->response.message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    answer->response.list_services_response = &answer->services;
    return QVT_OK;
}

static const char *extendee_of(const answer_request *request)
{
    return request->file_containing_extension == NULL ? "" : request->file_containing_extension->containing_type;
}

static const qvt_rpc_descriptor *find_extension(const struct files *files, const answer_request *request)
{
    const Grpc__Reflection__V1__ExtensionRequest *asked = request->file_containing_extension;
    return asked == NULL ? NULL
                         : files_by_extension(files, qvt_slice_text(asked->containing_type), asked->extension_number);
}

static qvt_status fill(struct answer *answer, const struct files *files, const answer_request *request)
{
    switch (request->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        return tell_file_of(answer, files, files_by_name(files, qvt_slice_text(request->file_by_filename)),
                            "no file is called", request->file_by_filename);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        return tell_file_of(answer, files, files_by_symbol(files, qvt_slice_text(request->file_containing_symbol)),
                            "no symbol is called", request->file_containing_symbol);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
        return tell_file_of(answer, files, find_extension(files, request), "no such extension of",
                            extendee_of(request));
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
        return tell_extension_numbers(answer, files, request->all_extension_numbers_of_type);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        return tell_services(answer, files);
    default:
        refuse(answer, QVT_INVALID_ARGUMENT, "nothing known is asked for of the host", answer->response.valid_host);
        return QVT_OK;
    }
}

qvt_status answer_init(struct answer *answer, const struct files *files, answer_request *request)
{
    arena_init(&answer->arena, MEMORY_MAX);
    grpc__reflection__v1__server_reflection_response__init(&answer->response);
    answer->response.valid_host = request->host == NULL ? empty : request->host;
    answer->response.original_request = request;
    return fill(answer, files, request);
}

void answer_deinit(struct answer *answer)
{
    arena_deinit(&answer->arena);
}
