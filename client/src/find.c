#include "qvt/find.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "client/src/client.h"
#include "client/src/decode.h"
#include "client/src/encode.h"
#include "client/src/methods.h"
#include "client/src/options.h"
#include "client/src/query.h"
#include "client/src/wait.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"

struct qvt_find_result {
    struct arena arena; /* everything below */
    qvt_answer answer;
    const qvt_found_silo *silos;
    size_t count;
    const qvt_dropped_silo *dropped;
    size_t dropped_count;
    qvt_empty_reason empty_reason;
};

/* A question under way. */
struct finding {
    struct query query;
    qvt_find_result *result;
    const qvt_find_request *request; /* while it is being encoded */
    qvt_find_done *on_done;
    void *data;
};

static bool read_silo(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct decode_list *list = *arg;
    struct decode_text id = {list->arena, ""}, address = {list->arena, ""}, version = {list->arena, ""};
    quark_version_v1_CompatibleSilo silo = quark_version_v1_CompatibleSilo_init_zero;
    (void)field;
    silo.silo_id = decode_text(&id);
    silo.address = decode_text(&address);
    silo.version = decode_text(&version);
    if (!pb_decode(stream, quark_version_v1_CompatibleSilo_fields, &silo)) {
        return false;
    }
    qvt_found_silo found = {id.text,          address.text, silo.port,     version.text,
                            silo.incarnation, silo.suspect, silo.unhealthy};
    return decode_list_push(list, &found, sizeof found) || decode_out_of_memory(stream);
}

/* Values of both enums are those of the contract; unknown ones are shown as such. */
static qvt_drop_reason drop_reason(quark_version_v1_DropReason reason)
{
    int value = (int)reason;
    return value >= 0 && value <= (int)QVT_DROP_LIMIT ? (qvt_drop_reason)value : QVT_DROP_UNKNOWN;
}

static qvt_empty_reason empty_reason(quark_version_v1_EmptyReason reason, size_t found)
{
    int value = (int)reason;
    if (found > 0) {
        return QVT_EMPTY_NOT;
    }
    return value > 0 && value <= (int)QVT_EMPTY_NONE_ELIGIBLE ? (qvt_empty_reason)value : QVT_EMPTY_NONE_ELIGIBLE;
}

static bool read_dropped(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct decode_list *list = *arg;
    struct decode_text id = {list->arena, ""}, version = {list->arena, ""};
    quark_version_v1_DroppedSilo silo = quark_version_v1_DroppedSilo_init_zero;
    (void)field;
    silo.silo_id = decode_text(&id);
    silo.version = decode_text(&version);
    if (!pb_decode(stream, quark_version_v1_DroppedSilo_fields, &silo)) {
        return false;
    }
    qvt_dropped_silo dropped = {id.text, version.text, drop_reason(silo.reason)};
    return decode_list_push(list, &dropped, sizeof dropped) || decode_out_of_memory(stream);
}

static qvt_status decode(struct query *query, qvt_slice answer, qvt_error *error)
{
    qvt_find_result *result = LIST_ENTRY(query, struct finding, query)->result;
    struct decode_list silos = {.arena = &result->arena}, dropped = {.arena = &result->arena};
    struct decode_head head;
    void *array;
    quark_version_v1_FindCompatibleSilosResponse response = quark_version_v1_FindCompatibleSilosResponse_init_zero;
    decode_head_prepare(&head, &response.position, &result->arena);
    response.silos = decode_each(read_silo, &silos);
    response.dropped = decode_each(read_dropped, &dropped);
    QVT_TRY(decode_message(answer, quark_version_v1_FindCompatibleSilosResponse_fields, &response, error));
    QVT_TRY(decode_list_flatten(&silos, sizeof(qvt_found_silo), &array));
    result->silos = array;
    result->count = silos.count;
    QVT_TRY(decode_list_flatten(&dropped, sizeof(qvt_dropped_silo), &array));
    result->dropped = array;
    result->dropped_count = dropped.count;
    result->empty_reason = empty_reason(response.empty_reason, silos.count);
    decode_head_read(&head, &response.position, &response.cache_ttl, &response.age, response.has_age, &result->answer);
    return QVT_OK;
}

static qvt_status encode(struct query *query, struct buf *out)
{
    const qvt_find_request *find = LIST_ENTRY(query, struct finding, query)->request;
    quark_version_v1_FindCompatibleSilosRequest request = quark_version_v1_FindCompatibleSilosRequest_init_zero;
    request.cluster = encode_text(query->client->cluster);
    request.actor_type = encode_text(find->actor_type);
    request.version = encode_text(find->version);
    request.range = encode_text(find->range);
    request.actor_id = encode_text(find->actor_id);
    request.has_contract_fingerprint = find->has_contract_fingerprint;
    request.contract_fingerprint = find->contract_fingerprint;
    request.mode = (quark_version_v1_CompatibilityMode)find->mode;
    request.selector = (quark_version_v1_Selector)find->selector;
    request.explain = find->explain;
    request.linearizable = find->linearizable;
    request.limit = find->limit;
    if (find->min_position != NULL) {
        request.has_min_position = true;
        request.min_position = encode_position(find->min_position);
    }
    return encode_message(out, quark_version_v1_FindCompatibleSilosRequest_fields, &request);
}

static void free_finding(struct finding *finding)
{
    query_deinit(&finding->query);
    free(finding);
}

static void on_answered(struct query *query, const qvt_error *error)
{
    struct finding *finding = LIST_ENTRY(query, struct finding, query);
    if (error->status != QVT_OK) {
        qvt_find_result_free(finding->result);
        finding->result = NULL;
    }
    finding->on_done(finding->data, finding->result, error);
    free_finding(finding);
}

/* NULL out of memory. */
static struct finding *new_finding(void)
{
    struct finding *finding = calloc(1, sizeof *finding);
    qvt_find_result *result = calloc(1, sizeof *result);
    if (finding == NULL || result == NULL) {
        free(finding);
        free(result);
        return NULL;
    }
    arena_init(&result->arena, DECODE_MEMORY_MAX);
    finding->result = result;
    finding->query.method = METHOD(FIND_COMPATIBLE_SILOS);
    finding->query.encode = encode;
    finding->query.decode = decode;
    finding->query.on_done = on_answered;
    return finding;
}

static qvt_status ask(qvt_client *client, struct call_terms *terms, const qvt_find_request *given,
                      qvt_find_done *on_done, void *data)
{
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    QVT_TRY(options_read(&request, sizeof request, given, "qvt_find_request", terms->error));
    struct finding *finding = new_finding();
    if (finding == NULL) {
        return qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for the result");
    }
    finding->request = &request;
    finding->on_done = on_done;
    finding->data = data;
    qvt_status status = query_start(&finding->query, client, terms);
    if (status != QVT_OK) {
        qvt_find_result_free(finding->result);
        free_finding(finding);
    }
    return status;
}

static void on_waited(void *data, qvt_find_result *result, const qvt_error *error)
{
    wait_end(data, error, result);
}

qvt_status qvt_client_find(qvt_find_result **out, qvt_client *client, const qvt_find_request *request,
                           const qvt_call_options *call)
{
    struct call_terms terms;
    struct wait wait;
    QVT_TRY(call_begin(client, &terms, call));
    wait_begin(&wait, &terms);
    if (ask(client, &terms, request, on_waited, &wait) != QVT_OK) {
        wait_abandon(&wait);
        return call_finish(client, &terms);
    }
    QVT_TRY(wait_for_end(&wait));
    *out = wait.result;
    return QVT_OK;
}

qvt_status qvt_client_find_async(qvt_client *client, const qvt_find_request *request, const qvt_call_options *call,
                                 qvt_find_done *on_done, void *data)
{
    struct call_terms terms;
    QVT_TRY(call_begin_async(client, &terms, call));
    (void)!ask(client, &terms, request, on_done, data);
    return call_finish(client, &terms);
}

size_t qvt_find_result_count(const qvt_find_result *result)
{
    return result->count;
}

const qvt_found_silo *qvt_find_result_silo(const qvt_find_result *result, size_t index)
{
    QVT_ASSERT(index < result->count);
    return &result->silos[index];
}

size_t qvt_find_result_dropped_count(const qvt_find_result *result)
{
    return result->dropped_count;
}

const qvt_dropped_silo *qvt_find_result_dropped(const qvt_find_result *result, size_t index)
{
    QVT_ASSERT(index < result->dropped_count);
    return &result->dropped[index];
}

qvt_empty_reason qvt_find_result_empty_reason(const qvt_find_result *result)
{
    return result->empty_reason;
}

const qvt_answer *qvt_find_result_answer(const qvt_find_result *result)
{
    return &result->answer;
}

void qvt_find_result_free(qvt_find_result *result)
{
    if (result != NULL) {
        arena_deinit(&result->arena);
        free(result);
    }
}
