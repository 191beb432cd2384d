#include "server/service/find.h"

#include <stdlib.h>

#include "base/check.h"
#include "qvt/rpc/message.h"
#include "server/service/admit.h"
#include "server/service/answer.h"
#include "server/service/find_question.h"
#include "server/service/current.h"
#include "server/service/handlers.h"

typedef Quark__Version__V1__FindCompatibleSilosRequest find_request;

/* Fields of FindCompatibleSilosResponse, CompatibleSilo and DroppedSilo. */
enum { FIND_SILOS = 4, FIND_EMPTY_REASON = 5, FIND_DROPPED = 6 };
enum {
    SILO_ID = 1,
    SILO_ADDRESS = 2,
    SILO_PORT = 3,
    SILO_VERSION = 4,
    SILO_INCARNATION = 5,
    SILO_SUSPECT = 6,
    SILO_UNHEALTHY = 7
};
enum { DROPPED_SILO_ID = 1, DROPPED_VERSION = 2, DROPPED_REASON = 3 };

/* Four arrays in one block. */
struct arrays {
    struct placement_candidate *candidates;
    struct registry_host *hosts;
    uint32_t *order;
    enum placement_drop *drops;
};

void find_memory_deinit(struct find_memory *memory)
{
    free(memory->block);
    *memory = (struct find_memory){NULL, 0};
}

static bool make_room(struct find_memory *memory, size_t count)
{
    size_t each = sizeof(struct placement_candidate) + sizeof(struct registry_host) + sizeof(uint32_t) +
                  sizeof(enum placement_drop);
    if (count <= memory->capacity && memory->block != NULL) {
        return true;
    }
    size_t capacity = count < 32 ? 32 : count + count / 2;
    void *block = malloc(capacity * each);
    if (block == NULL) {
        return false;
    }
    free(memory->block);
    *memory = (struct find_memory){block, capacity};
    return true;
}

static struct arrays arrays_in(const struct find_memory *memory)
{
    struct arrays arrays;
    arrays.candidates = memory->block;
    arrays.hosts = (struct registry_host *)(void *)(arrays.candidates + memory->capacity);
    arrays.order = (uint32_t *)(void *)(arrays.hosts + memory->capacity);
    arrays.drops = (enum placement_drop *)(void *)(arrays.order + memory->capacity);
    return arrays;
}

static void encode_chosen(struct encoder *encoder, const struct registry_host *host)
{
    const struct registry_silo *silo = host->silo;
    size_t mark = encode_begin(encoder);
    encode_bytes(encoder, SILO_ID, silo->id);
    encode_bytes(encoder, SILO_ADDRESS, silo->address);
    encode_uint(encoder, SILO_PORT, silo->port);
    encode_bytes(encoder, SILO_VERSION, host->version);
    encode_uint(encoder, SILO_INCARNATION, silo->incarnation);
    encode_bool(encoder, SILO_SUSPECT, silo->suspect);
    encode_bool(encoder, SILO_UNHEALTHY, silo->unhealthy);
    encode_end(encoder, FIND_SILOS, mark);
}

static void encode_dropped(struct encoder *encoder, const struct registry_host *host, enum placement_drop reason)
{
    size_t mark = encode_begin(encoder);
    encode_bytes(encoder, DROPPED_SILO_ID, host->silo->id);
    encode_bytes(encoder, DROPPED_VERSION, host->version);
    encode_uint(encoder, DROPPED_REASON, reason);
    encode_end(encoder, FIND_DROPPED, mark);
}

static int compare_hosts(const void *a, const void *b)
{
    const struct registry_host *const *left = a;
    const struct registry_host *const *right = b;
    return qvt_slice_compare((*left)->silo->id, (*right)->silo->id);
}

/* Dropped silos in order of their ids, so that the same question has the same answer on every replica. */
static void explain(struct encoder *encoder, const struct arrays *arrays, uint32_t count)
{
    const struct registry_host **sorted = malloc((size_t)count * sizeof(struct registry_host *));
    uint32_t dropped = 0;
    if (count > 0 && sorted == NULL) {
        encoder->status = QVT_NO_MEMORY;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (arrays->drops[i] != PLACEMENT_DROP_UNSPECIFIED) {
            sorted[dropped++] = &arrays->hosts[i];
        }
    }
    if (dropped > 0) {
        qsort(sorted, dropped, sizeof(struct registry_host *), compare_hosts);
    }
    for (uint32_t i = 0; i < dropped; i++) {
        encode_dropped(encoder, sorted[i], arrays->drops[sorted[i] - arrays->hosts]);
    }
    free(sorted);
}

static void answer(struct read *read, const struct placement_question *question, const find_request *request)
{
    struct find_memory *memory = &read->service->find_memory;
    qvt_slice actor_type = qvt_slice_text(request->actor_type);
    uint32_t count = registry_candidate_count(read->registry, actor_type);
    if (!make_room(memory, count)) {
        read->encoder.status = QVT_NO_MEMORY;
        return;
    }
    struct arrays arrays = arrays_in(memory);
    uint32_t chosen = 0;
    enum placement_empty empty = PLACEMENT_EMPTY_UNSPECIFIED;
    registry_candidates(read->registry, actor_type, arrays.candidates, arrays.hosts);
    placement_answer(question, arrays.candidates, count, arrays.order, arrays.drops, &chosen, &empty);
    for (uint32_t i = 0; i < chosen; i++) {
        encode_chosen(&read->encoder, &arrays.hosts[arrays.order[i]]);
    }
    encode_uint(&read->encoder, FIND_EMPTY_REASON, empty);
    if (request->explain) {
        explain(&read->encoder, &arrays, count);
    }
}

static qvt_status find(struct read *read, struct service *service, const find_request *request, qvt_error *error)
{
    struct placement_asked asked;
    QVT_TRY(read_begin(read, service, request->cluster, request->min_position, error));
    QVT_TRY(find_question_read(&asked, read->registry, request, error));
    answer(read, &asked.question, request);
    return QVT_OK;
}

SERVICE_READ_HANDLER(handle_find_compatible_silos, FindCompatibleSilos)
{
    struct service *service = self;
    struct read read;
    qvt_error error;
    if (find(&read, service, request, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    read_reply(&read, unary);
}

/* Answers that hang on more than the cluster's generation are not remembered. */
static bool may_remember(const struct read *read, const find_request *request)
{
    return read->cluster != NULL && read->registry != read->service->empty && read->encoder.status == QVT_OK &&
           request->min_position == NULL && !request->linearizable && replica_age_ms(read->cluster->replica) == 0;
}

static void resolve(struct service *service, qvt_rpc_unary *unary, qvt_slice wire, bool is_judged)
{
    ProtobufCMessage *message = NULL;
    struct read read;
    qvt_error error;
    if (qvt_rpc_unary_decode(unary, &quark__version__v1__find_compatible_silos_request__descriptor, wire, &message,
                             &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    const find_request *request = (const find_request *)message;
    if (!is_judged && admit_find_decoded(service, unary->caller, request->cluster, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    const struct current_wanted wanted = {request->cluster, request->min_position, request->linearizable};
    if (current_must_wait(service, &wanted)) {
        current_begin(service, unary, &wanted, handle_find_compatible_silos_later, request);
        return;
    }
    if (find(&read, service, request, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    if (is_judged && may_remember(&read, request)) {
        answer_cache_put(&service->cache, wire, buf_slice(&service->scratch), &read.cluster->generation);
    }
    read_reply(&read, unary);
}

void find_on_request(qvt_rpc_server_call *call, qvt_slice request, void *data)
{
    struct service *service = data;
    qvt_slice answer_bytes;
    qvt_error error;
    bool is_judged;
    qvt_rpc_unary *unary = qvt_rpc_server_call_unary(call);
    service->metrics.finds_total++;
    if (admit_find(service, unary->caller, request, &is_judged, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    if (is_judged && answer_cache_get(&service->cache, request, &answer_bytes)) {
        service->metrics.finds_from_cache++;
        qvt_rpc_unary_reply(unary, &answer_bytes, 1);
        return;
    }
    qvt_rpc_server_call_measure(call);
    resolve(service, unary, request, is_judged);
}
