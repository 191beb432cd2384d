#include "client/src/question.h"

#include <stdlib.h>
#include <string.h>

#include "client/src/text_map.h"

static size_t length(const char *text)
{
    return text == NULL ? 0 : strlen(text);
}

static uint64_t stir(uint64_t hash, uint64_t word)
{
    uint64_t x = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return x ^ (x >> 29);
}

/* The actor id decides only with RAMP, which is never prepared. */
struct question_key question_key(const qvt_find_request *request)
{
    struct question_key key = {request, strlen(request->actor_type), length(request->version), length(request->range),
                               0};
    uint64_t rest = (uint64_t)request->mode | (uint64_t)request->selector << 8 | (uint64_t)request->limit << 32 |
                    (uint64_t)request->has_contract_fingerprint << 16;
    uint64_t hash = stir(text_hash(request->actor_type, key.type_len), rest);
    if (key.version_len > 0) {
        hash = stir(hash, text_hash(request->version, key.version_len));
    }
    if (key.range_len > 0) {
        hash = stir(hash + 1, text_hash(request->range, key.range_len));
    }
    if (request->has_contract_fingerprint) {
        hash = stir(hash, request->contract_fingerprint);
    }
    key.hash = hash;
    return key;
}

bool question_is(const struct question *question, const struct question_key *key)
{
    const qvt_find_request *a = &question->request;
    const qvt_find_request *b = key->request;
    return question->hash == key->hash && question->type_len == key->type_len &&
           question->version_len == key->version_len && question->range_len == key->range_len && a->mode == b->mode &&
           a->selector == b->selector && a->limit == b->limit &&
           a->has_contract_fingerprint == b->has_contract_fingerprint &&
           (!a->has_contract_fingerprint || a->contract_fingerprint == b->contract_fingerprint) &&
           memcmp(a->actor_type, b->actor_type, key->type_len) == 0 &&
           (key->version_len == 0 || memcmp(a->version, b->version, key->version_len) == 0) &&
           (key->range_len == 0 || memcmp(a->range, b->range, key->range_len) == 0);
}

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
