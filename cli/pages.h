/* Lists that come in pages, shown as one. */
#ifndef QVT_CLI_PAGES_H
#define QVT_CLI_PAGES_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "qvt/rpc/method.h"
#include "cli/command.h"
#include "json/type.h"

/* Where a list's request and answer keep what pages need: offsets of members. */
struct page_shape {
    const qvt_rpc_method *method;
    const struct json_message_type *answer_type;
    size_t request_token; /* char * */
    size_t next_token;    /* char * */
    size_t items;         /* array of pointers to messages */
    size_t item_count;    /* size_t */
};

#define PAGE_SHAPE(method, answer_type, request, answer, items)                                                        \
    {                                                                                                                  \
        (method), (answer_type), offsetof(request, page_token), offsetof(answer, next_page_token),                     \
            offsetof(answer, items), offsetof(answer, n_##items)                                                       \
    }

/* Asks for all pages. As JSON: the last answer, whose position is the newest, with the items of all; else show gets the
 * items. */
enum exit_code pages_ask(const struct settings *settings, const struct page_shape *shape, ProtobufCMessage *request,
                         enum exit_code (*show)(void *const *items, size_t count));

#endif
