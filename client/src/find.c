#include "qvt/find.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "client/src/client.h"
#include "client/src/decode.h"
#include "client/src/encode.h"
#include "client/src/found.h"
#include "client/src/methods.h"
#include "client/src/options.h"
#include "client/src/query.h"
#include "client/src/wait.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"

/* A question under way. */
struct finding {
    struct query query;
    struct found *found; /* that the answer fills */
    qvt_answer answer;
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
    struct finding *finding = LIST_ENTRY(query, struct finding, query);
    struct found *found = finding->found;
    struct decode_list silos = {.arena = &found->arena}, dropped = {.arena = &found->arena};
    struct decode_head head;
    void *array;
    quark_version_v1_FindCompatibleSilosResponse response = quark_version_v1_FindCompatibleSilosResponse_init_zero;
    decode_head_prepare(&head, &response.position, &found->arena);
    response.silos = decode_each(read_silo, &silos);
    response.dropped = decode_each(read_dropped, &dropped);
    QVT_TRY(decode_message(answer, quark_version_v1_FindCompatibleSilosResponse_fields, &response, error));
    QVT_TRY(decode_list_flatten(&silos, sizeof(qvt_found_silo), &array));
    found->silos = array;
    found->count = silos.count;
    QVT_TRY(decode_list_flatten(&dropped, sizeof(qvt_dropped_silo), &array));
    found->dropped = array;
    found->dropped_count = dropped.count;
    found->empty_reason = empty_reason(response.empty_reason, silos.count);
    decode_head_read(&head, &response.position, &response.cache_ttl, &response.age, response.has_age, &finding->answer);
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
    found_unref(finding->found);
    free(finding);
}

static void on_answered(struct query *query, const qvt_error *error)
{
    struct finding *finding = LIST_ENTRY(query, struct finding, query);
    qvt_find_result *result = NULL;
    qvt_error end = *error;
    if (end.status == QVT_OK && result_new(&result, found_ref(finding->found), &finding->answer) != QVT_OK) {
        qvt_error_set(&end, QVT_NO_MEMORY, NULL, "no memory for the result");
    }
    finding->on_done(finding->data, result, &end);
    free_finding(finding);
}

/* NULL out of memory. */
static struct finding *new_finding(void)
{
    struct finding *finding = calloc(1, sizeof *finding);
    if (finding == NULL || found_new(&finding->found) != QVT_OK) {
        free(finding);
        return NULL;
    }
    finding->query.method = METHOD(FIND_COMPATIBLE_SILOS);
    finding->query.encode = encode;
    finding->query.decode = decode;
    finding->query.on_done = on_answered;
    return finding;
}

/* Asks the tracker. */
static qvt_status ask(qvt_client *client, struct call_terms *terms, const qvt_find_request *request,
                      qvt_find_done *on_done, void *data)
{
    struct finding *finding = new_finding();
    if (finding == NULL) {
        return qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for the result");
    }
    finding->request = request;
    finding->on_done = on_done;
    finding->data = data;
    qvt_status status = query_start(&finding->query, client, terms);
    if (status != QVT_OK) {
        free_finding(finding);
    }
    return status;
}

static void on_waited(void *data, qvt_find_result *result, const qvt_error *error)
{
    wait_end(data, error, result);
}

static qvt_status ask_and_wait(qvt_find_result **out, qvt_client *client, const qvt_find_request *request,
                               struct call_terms *terms)
{
    struct wait wait;
    QVT_TRY(call_may_block(client, terms));
    wait_begin(&wait, terms);
    if (ask(client, terms, request, on_waited, &wait) != QVT_OK) {
        wait_abandon(&wait);
        return call_finish(client, terms);
    }
    QVT_TRY(wait_for_end(&wait));
    *out = wait.result;
    return QVT_OK;
}

/* Resolves both option structs; not OK: finished. */
static qvt_status read_find(qvt_client *client, struct call_terms *terms, const qvt_call_options *call,
                            qvt_find_request *request, const qvt_find_request *given)
{
    QVT_TRY(call_read(client, terms, call));
    if (options_read(request, sizeof *request, given, "qvt_find_request", terms->error) != QVT_OK) {
        return call_finish(client, terms);
    }
    return QVT_OK;
}

static qvt_status find(qvt_find_result **out, qvt_client *client, const qvt_find_request *given,
                       const qvt_call_options *call)
{
    struct call_terms terms;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    QVT_TRY(read_find(client, &terms, call, &request, given));
    if (cache_find_prepared(&client->cache, &request, out)) {
        return QVT_OK;
    }
    if (cache_find(&client->cache, &request, out, terms.error)) {
        return call_finish(client, &terms);
    }
    return ask_and_wait(out, client, &request, &terms);
}

qvt_status qvt_client_find(qvt_find_result **out, qvt_client *client, const qvt_find_request *request,
                           const qvt_call_options *call)
{
    /* The short way: nothing that has to be resolved first. */
    if (call == NULL && request != NULL && request->size == sizeof *request && !client_is_foreign(client) &&
        cache_find_prepared(&client->cache, request, out)) {
        return QVT_OK;
    }
    return find(out, client, request, call);
}

/* An answer of our own on its way to the loop thread, where callbacks run. */
struct delivery {
    struct job job;
    qvt_find_result *result;
    qvt_find_done *on_done;
    void *data;
};

static void on_deliver(struct job *job)
{
    struct delivery *delivery = LIST_ENTRY(job, struct delivery, job);
    qvt_error error;
    qvt_error_clear(&error);
    delivery->on_done(delivery->data, delivery->result, &error);
    free(delivery);
}

static qvt_status deliver(qvt_client *client, struct call_terms *terms, qvt_find_result *result, qvt_find_done *on_done,
                          void *data)
{
    struct delivery *delivery = malloc(sizeof *delivery);
    if (delivery == NULL) {
        qvt_find_result_free(result);
        return qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for the result");
    }
    *delivery = (struct delivery){{.run = on_deliver}, result, on_done, data};
    loop_post(&client->loop, &delivery->job);
    return QVT_OK;
}

qvt_status qvt_client_find_async(qvt_client *client, const qvt_find_request *given, const qvt_call_options *call,
                                 qvt_find_done *on_done, void *data)
{
    struct call_terms terms;
    qvt_find_result *result;
    qvt_find_request request = QVT_FIND_REQUEST_INIT;
    QVT_TRY(read_find(client, &terms, call, &request, given));
    QVT_TRY(call_may_begin(client, &terms));
    if (!cache_find_prepared(&client->cache, &request, &result) &&
        !cache_find(&client->cache, &request, &result, terms.error)) {
        (void)!ask(client, &terms, &request, on_done, data);
    } else if (terms.error->status == QVT_OK) {
        (void)!deliver(client, &terms, result, on_done, data);
    }
    return call_finish(client, &terms);
}
