#include "cli/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/json_output.h"
#include "cli/report.h"
#include "cli/session.h"

struct pages {
    const struct page_shape *shape;
    ProtobufCMessage **answers;
    size_t count;
    void **items;
    size_t item_count;
};

static void *member(ProtobufCMessage *message, size_t offset)
{
    return (char *)message + offset;
}

static void free_pages(struct pages *pages)
{
    for (size_t i = 0; i < pages->count; i++) {
        session_free_answer(pages->answers[i]);
    }
    free(pages->answers);
    free(pages->items);
}

static qvt_status add_page(struct pages *pages, ProtobufCMessage *answer)
{
    ProtobufCMessage **answers = realloc(pages->answers, (pages->count + 1) * sizeof *answers);
    if (answers == NULL) {
        session_free_answer(answer);
        return QVT_NO_MEMORY;
    }
    pages->answers = answers;
    pages->answers[pages->count++] = answer;
    size_t count = *(size_t *)member(answer, pages->shape->item_count);
    void **items = realloc(pages->items, (pages->item_count + count + 1) * sizeof *items);
    if (items == NULL) {
        return QVT_NO_MEMORY;
    }
    pages->items = items;
    if (count > 0) {
        memcpy(items + pages->item_count, *(void ***)member(answer, pages->shape->items), count * sizeof *items);
    }
    pages->item_count += count;
    return QVT_OK;
}

static qvt_status fetch(struct session *session, struct pages *pages, ProtobufCMessage *request, qvt_error *error)
{
    const struct page_shape *shape = pages->shape;
    const char *token;
    do {
        ProtobufCMessage *answer;
        QVT_TRY(session_call(session, shape->method, request, shape->answer_type->descriptor, &answer, error));
        if (add_page(pages, answer) != QVT_OK) {
            return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
        }
        token = *(char **)member(answer, shape->next_token);
        memcpy(member(request, shape->request_token), &token, sizeof token);
    } while (token[0] != '\0');
    return QVT_OK;
}

/* The last answer lends its other members. */
static enum exit_code show_json(struct pages *pages)
{
    ProtobufCMessage *last = pages->answers[pages->count - 1];
    memcpy(member(last, pages->shape->items), &pages->items, sizeof pages->items);
    memcpy(member(last, pages->shape->item_count), &pages->item_count, sizeof pages->item_count);
    return json_output(pages->shape->answer_type, last);
}

enum exit_code pages_ask(const struct settings *settings, const struct page_shape *shape, ProtobufCMessage *request,
                         enum exit_code (*show)(void *const *items, size_t count))
{
    struct session session;
    struct pages pages = {shape, NULL, 0, NULL, 0};
    qvt_error error;
    enum exit_code code;
    if (session_open(&session, settings, &error) != QVT_OK) {
        return report_not_opened(&error);
    }
    if (fetch(&session, &pages, request, &error) != QVT_OK) {
        code = report_error(&error);
    } else {
        code = settings->json ? show_json(&pages) : show(pages.items, pages.item_count);
    }
    session_close(&session);
    free_pages(&pages);
    return code;
}
