#include "qvt/capabilities.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "client/src/client.h"
#include "client/src/decode.h"
#include "client/src/encode.h"
#include "client/src/methods.h"
#include "client/src/query.h"
#include "client/src/wait.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"

struct qvt_capabilities {
    struct arena arena; /* everything below */
    qvt_answer answer;
    struct decode_list list; /* of qvt_silo_versions, over all pages */
    const qvt_silo_versions *silos;
    const char *next_page;    /* "": there is none */
    struct silo_image *image; /* of a silo from the snapshot; NULL: from the tracker */
    qvt_silo_versions single; /* of the image */
};

/* A question under way. */
struct asking {
    struct query query;
    qvt_capabilities *result;
    const char *silo_id; /* while it is being encoded; NULL: all silos */
    qvt_capabilities_done *on_done;
    void *data;
};

/* What a SiloCapabilities message is decoded through. */
struct silo_reader {
    struct decode_text silo_id;
    struct decode_list versions;
};

static void prepare_silo(struct silo_reader *reader, quark_version_v1_SiloCapabilities *silo, struct arena *arena)
{
    *reader = (struct silo_reader){{arena, ""}, {.arena = arena}};
    silo->silo_id = decode_text(&reader->silo_id);
    silo->actor_type_versions = decode_version_map(&reader->versions);
}

/* False out of memory. */
static bool keep_silo(struct decode_list *list, const struct silo_reader *reader,
                      const quark_version_v1_SiloCapabilities *silo)
{
    qvt_silo_versions item = {.silo_id = reader->silo_id.text, .incarnation = silo->incarnation};
    return decode_versions_finish(&reader->versions, &item.versions, &item.version_count) == QVT_OK &&
           decode_list_push(list, &item, sizeof item);
}

static qvt_status decode_one(struct query *query, qvt_slice answer, qvt_error *error)
{
    qvt_capabilities *result = LIST_ENTRY(query, struct asking, query)->result;
    struct decode_head head;
    struct silo_reader reader;
    quark_version_v1_GetSiloCapabilitiesResponse response = quark_version_v1_GetSiloCapabilitiesResponse_init_zero;
    decode_head_prepare(&head, &response.position, &result->arena);
    prepare_silo(&reader, &response.capabilities, &result->arena);
    QVT_TRY(decode_message(answer, quark_version_v1_GetSiloCapabilitiesResponse_fields, &response, error));
    decode_head_read(&head, &response.position, &response.cache_ttl, &response.age, response.has_age, &result->answer);
    return keep_silo(&result->list, &reader, &response.capabilities) ? QVT_OK : QVT_NO_MEMORY;
}

static bool read_silo(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    struct decode_list *list = *arg;
    struct silo_reader reader;
    quark_version_v1_SiloCapabilities silo = quark_version_v1_SiloCapabilities_init_zero;
    (void)field;
    prepare_silo(&reader, &silo, list->arena);
    if (!pb_decode(stream, quark_version_v1_SiloCapabilities_fields, &silo)) {
        return false;
    }
    return keep_silo(list, &reader, &silo) || decode_out_of_memory(stream);
}

static qvt_status decode_page(struct query *query, qvt_slice answer, qvt_error *error)
{
    qvt_capabilities *result = LIST_ENTRY(query, struct asking, query)->result;
    struct decode_head head;
    struct decode_text next_page = {&result->arena, ""};
    quark_version_v1_ListSiloCapabilitiesResponse response = quark_version_v1_ListSiloCapabilitiesResponse_init_zero;
    decode_head_prepare(&head, &response.position, &result->arena);
    response.capabilities = decode_each(read_silo, &result->list);
    response.next_page_token = decode_text(&next_page);
    QVT_TRY(decode_message(answer, quark_version_v1_ListSiloCapabilitiesResponse_fields, &response, error));
    decode_head_read(&head, &response.position, &response.cache_ttl, &response.age, response.has_age, &result->answer);
    result->next_page = next_page.text;
    query->again = next_page.text[0] != '\0';
    return QVT_OK;
}

static qvt_status encode_one(struct query *query, struct buf *out)
{
    quark_version_v1_GetSiloCapabilitiesRequest request = quark_version_v1_GetSiloCapabilitiesRequest_init_zero;
    request.cluster = encode_text(query->client->cluster);
    request.silo_id = encode_text(LIST_ENTRY(query, struct asking, query)->silo_id);
    return encode_message(out, quark_version_v1_GetSiloCapabilitiesRequest_fields, &request);
}

static qvt_status encode_page(struct query *query, struct buf *out)
{
    quark_version_v1_ListSiloCapabilitiesRequest request = quark_version_v1_ListSiloCapabilitiesRequest_init_zero;
    request.cluster = encode_text(query->client->cluster);
    request.page_token = encode_text(LIST_ENTRY(query, struct asking, query)->result->next_page);
    return encode_message(out, quark_version_v1_ListSiloCapabilitiesRequest_fields, &request);
}

static void free_asking(struct asking *asking)
{
    query_deinit(&asking->query);
    free(asking);
}

/* Makes the list an array. */
static void complete(qvt_capabilities *result, qvt_error *error)
{
    void *array;
    if (decode_list_flatten(&result->list, sizeof(qvt_silo_versions), &array) == QVT_OK) {
        result->silos = array;
    } else {
        qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for the capabilities");
    }
}

static void on_answered(struct query *query, const qvt_error *error)
{
    struct asking *asking = LIST_ENTRY(query, struct asking, query);
    qvt_error end = *error;
    if (end.status == QVT_OK) {
        complete(asking->result, &end);
    }
    if (end.status != QVT_OK) {
        qvt_capabilities_free(asking->result);
        asking->result = NULL;
    }
    asking->on_done(asking->data, asking->result, &end);
    free_asking(asking);
}

/* silo_id NULL: all silos. NULL out of memory. */
static struct asking *new_asking(const char *silo_id)
{
    struct asking *asking = calloc(1, sizeof *asking);
    qvt_capabilities *result = calloc(1, sizeof *result);
    if (asking == NULL || result == NULL) {
        free(asking);
        free(result);
        return NULL;
    }
    arena_init(&result->arena, DECODE_MEMORY_MAX);
    result->list.arena = &result->arena;
    result->next_page = "";
    asking->result = result;
    asking->silo_id = silo_id;
    asking->query.method = silo_id != NULL ? METHOD(GET_SILO_CAPABILITIES) : METHOD(LIST_SILO_CAPABILITIES);
    asking->query.encode = silo_id != NULL ? encode_one : encode_page;
    asking->query.decode = silo_id != NULL ? decode_one : decode_page;
    asking->query.on_done = on_answered;
    return asking;
}

static qvt_status ask(qvt_client *client, struct call_terms *terms, const char *silo_id, qvt_capabilities_done *on_done,
                      void *data)
{
    struct asking *asking = new_asking(silo_id);
    if (asking == NULL) {
        return qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for the capabilities");
    }
    asking->on_done = on_done;
    asking->data = data;
    qvt_status status = query_start(&asking->query, client, terms);
    if (status != QVT_OK) {
        qvt_capabilities_free(asking->result);
        free_asking(asking);
    }
    return status;
}

static void on_waited(void *data, qvt_capabilities *result, const qvt_error *error)
{
    wait_end(data, error, result);
}

/* From the snapshot; false: only the tracker can answer, such as for a silo that is not watched or has no versions. */
static bool find_local(qvt_capabilities **out, qvt_client *client, const char *silo_id)
{
    qvt_answer answer;
    struct silo_image *image = cache_silo(&client->cache, silo_id, &answer);
    qvt_capabilities *result = image == NULL ? NULL : calloc(1, sizeof *result);
    if (result == NULL) {
        silo_image_unref(image);
        return false;
    }
    const struct version_set *set = image->versions->set;
    arena_init(&result->arena, 0);
    result->answer = answer;
    result->image = image;
    result->single = (qvt_silo_versions){image->silo_id, image->incarnation, set->versions, set->count};
    result->silos = &result->single;
    result->list.count = 1;
    *out = result;
    return true;
}

static qvt_status ask_and_wait(qvt_capabilities **out, qvt_client *client, const char *silo_id,
                               const qvt_call_options *call)
{
    struct call_terms terms;
    struct wait wait;
    QVT_TRY(call_read(client, &terms, call));
    if (silo_id != NULL && find_local(out, client, silo_id)) {
        return QVT_OK;
    }
    QVT_TRY(call_may_block(client, &terms));
    wait_begin(&wait, &terms);
    if (ask(client, &terms, silo_id, on_waited, &wait) != QVT_OK) {
        wait_abandon(&wait);
        return call_finish(client, &terms);
    }
    QVT_TRY(wait_for_end(&wait));
    *out = wait.result;
    return QVT_OK;
}

static qvt_status ask_only(qvt_client *client, const char *silo_id, const qvt_call_options *call,
                           qvt_capabilities_done *on_done, void *data)
{
    struct call_terms terms;
    QVT_TRY(call_begin_async(client, &terms, call));
    (void)!ask(client, &terms, silo_id, on_done, data);
    return call_finish(client, &terms);
}

qvt_status qvt_client_silo_capabilities(qvt_capabilities **out, qvt_client *client, const char *silo_id,
                                        const qvt_call_options *call)
{
    return ask_and_wait(out, client, silo_id != NULL ? silo_id : "", call);
}

qvt_status qvt_client_list_capabilities(qvt_capabilities **out, qvt_client *client, const qvt_call_options *call)
{
    return ask_and_wait(out, client, NULL, call);
}

qvt_status qvt_client_silo_capabilities_async(qvt_client *client, const char *silo_id, const qvt_call_options *call,
                                              qvt_capabilities_done *on_done, void *data)
{
    return ask_only(client, silo_id != NULL ? silo_id : "", call, on_done, data);
}

qvt_status qvt_client_list_capabilities_async(qvt_client *client, const qvt_call_options *call,
                                              qvt_capabilities_done *on_done, void *data)
{
    return ask_only(client, NULL, call, on_done, data);
}

size_t qvt_capabilities_count(const qvt_capabilities *capabilities)
{
    return capabilities->list.count;
}

const qvt_silo_versions *qvt_capabilities_silo(const qvt_capabilities *capabilities, size_t index)
{
    QVT_ASSERT(index < capabilities->list.count);
    return &capabilities->silos[index];
}

const qvt_actor_version *qvt_capabilities_find(const qvt_capabilities *capabilities, size_t index,
                                               const char *actor_type)
{
    const qvt_silo_versions *silo = qvt_capabilities_silo(capabilities, index);
    for (size_t i = 0; i < silo->version_count; i++) {
        if (strcmp(silo->versions[i].actor_type, actor_type) == 0) {
            return &silo->versions[i];
        }
    }
    return NULL;
}

const qvt_answer *qvt_capabilities_answer(const qvt_capabilities *capabilities)
{
    return &capabilities->answer;
}

void qvt_capabilities_free(qvt_capabilities *capabilities)
{
    if (capabilities != NULL) {
        arena_deinit(&capabilities->arena);
        silo_image_unref(capabilities->image);
        free(capabilities);
    }
}
