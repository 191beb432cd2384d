#include "client/src/question.h"

#include <stdlib.h>
#include <string.h>

#include "client/src/text_map.h"

static const char *copy(char **to, const char *text, size_t len)
{
    char *start = *to;
    if (len > 0) {
        memcpy(start, text, len);
    }
    start[len] = '\0';
    *to += len + 1;
    return start;
}

qvt_status question_new(struct question **out, const qvt_find_request *request)
{
    struct question_key key = question_key(request);
    struct question *question = calloc(1, sizeof *question + key.type_len + key.version_len + key.range_len + 3);
    if (question == NULL) {
        return QVT_NO_MEMORY;
    }
    if (!reader_counter_take(&question->counter)) {
        free(question);
        return QVT_RESOURCE_EXHAUSTED;
    }
    char *texts = (char *)(question + 1);
    question->request = (qvt_find_request)QVT_FIND_REQUEST_INIT;
    question->request.actor_type = copy(&texts, request->actor_type, key.type_len);
    question->request.version = copy(&texts, request->version, key.version_len);
    question->request.range = copy(&texts, request->range, key.range_len);
    question->request.has_contract_fingerprint = request->has_contract_fingerprint;
    question->request.contract_fingerprint = request->contract_fingerprint;
    question->request.mode = request->mode;
    question->request.selector = request->selector;
    question->request.limit = request->limit;
    question->type_len = (uint32_t)key.type_len;
    question->version_len = (uint32_t)key.version_len;
    question->range_len = (uint32_t)key.range_len;
    question->hash = key.hash;
    question->counted = reader_counter_sum(question->counter);
    atomic_init(&question->is_asked, true);
    *out = question;
    return QVT_OK;
}

void question_free(struct question *question)
{
    reader_counter_give(question->counter);
    free(question);
}
