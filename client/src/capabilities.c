#include "qvt/capabilities.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "client/src/client.h"
#include "client/src/decode.h"
#include "client/src/encode.h"
#include "client/src/methods.h"
#include "client/src/query.h"
#include "nanopb/quark/version/v1/version_tracker.pb.h"

struct qvt_capabilities {
    struct arena arena; /* everything below */
    qvt_answer answer;
    struct decode_list list; /* of qvt_silo_versions, over all pages */
    const qvt_silo_versions *silos;
    const char *next_page; /* "": there is none */
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

static qvt_status decode_one(void *into, qvt_slice answer, qvt_error *error)
{
    qvt_capabilities *result = into;
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

static qvt_status decode_page(void *into, qvt_slice answer, qvt_error *error)
{
    qvt_capabilities *result = into;
    struct decode_head head;
    struct decode_text next_page = {&result->arena, ""};
    quark_version_v1_ListSiloCapabilitiesResponse response = quark_version_v1_ListSiloCapabilitiesResponse_init_zero;
    decode_head_prepare(&head, &response.position, &result->arena);
    response.capabilities = decode_each(read_silo, &result->list);
    response.next_page_token = decode_text(&next_page);
    QVT_TRY(decode_message(answer, quark_version_v1_ListSiloCapabilitiesResponse_fields, &response, error));
    decode_head_read(&head, &response.position, &response.cache_ttl, &response.age, response.has_age, &result->answer);
    result->next_page = next_page.text;
    return QVT_OK;
}

static qvt_status fail_no_memory(struct call_terms *terms)
{
    return qvt_error_set(terms->error, QVT_NO_MEMORY, NULL, "no memory for the capabilities");
}

static qvt_status ask_one(qvt_capabilities *result, qvt_client *client, struct call_terms *terms, const char *silo_id)
{
    struct buf wire = BUF_INIT;
    quark_version_v1_GetSiloCapabilitiesRequest request = quark_version_v1_GetSiloCapabilitiesRequest_init_zero;
    request.cluster = encode_text(client->cluster);
    request.silo_id = encode_text(silo_id);
    qvt_status status = encode_message(&wire, quark_version_v1_GetSiloCapabilitiesRequest_fields, &request);
    status = status == QVT_OK ? query_run(client, terms, METHOD(GET_SILO_CAPABILITIES), &wire, decode_one, result)
                              : fail_no_memory(terms);
    buf_deinit(&wire);
    return status;
}

static qvt_status ask_page(qvt_capabilities *result, qvt_client *client, struct call_terms *terms)
{
    struct buf wire = BUF_INIT;
    quark_version_v1_ListSiloCapabilitiesRequest request = quark_version_v1_ListSiloCapabilitiesRequest_init_zero;
    request.cluster = encode_text(client->cluster);
    request.page_token = encode_text(result->next_page);
    qvt_status status = encode_message(&wire, quark_version_v1_ListSiloCapabilitiesRequest_fields, &request);
    result->next_page = "";
    status = status == QVT_OK ? query_run(client, terms, METHOD(LIST_SILO_CAPABILITIES), &wire, decode_page, result)
                              : fail_no_memory(terms);
    buf_deinit(&wire);
    return status;
}

/* One deadline for all pages. */
static qvt_status ask_all(qvt_capabilities *result, qvt_client *client, struct call_terms *terms)
{
    int64_t end_us = clock_monotonic_us(clock_system()) + (int64_t)terms->timeout_ms * 1000;
    do {
        int64_t left_us = end_us - clock_monotonic_us(clock_system());
        if (left_us < 1000) {
            return qvt_error_set(terms->error, QVT_DEADLINE_EXCEEDED, NULL, "the list was not complete in time");
        }
        terms->timeout_ms = (uint32_t)(left_us / 1000);
        QVT_TRY(ask_page(result, client, terms));
    } while (result->next_page[0] != '\0');
    return QVT_OK;
}

static qvt_status ask(qvt_capabilities *result, qvt_client *client, struct call_terms *terms, const char *silo_id)
{
    void *array;
    QVT_TRY(silo_id != NULL ? ask_one(result, client, terms, silo_id) : ask_all(result, client, terms));
    if (decode_list_flatten(&result->list, sizeof(qvt_silo_versions), &array) != QVT_OK) {
        return fail_no_memory(terms);
    }
    result->silos = array;
    return QVT_OK;
}

/* silo_id NULL: all silos. */
static qvt_status run(qvt_capabilities **out, qvt_client *client, const char *silo_id, const qvt_call_options *call)
{
    struct call_terms terms;
    QVT_TRY(call_begin(client, &terms, call));
    qvt_capabilities *result = calloc(1, sizeof *result);
    if (result == NULL) {
        (void)!fail_no_memory(&terms);
        return call_finish(client, &terms);
    }
    arena_init(&result->arena, DECODE_MEMORY_MAX);
    result->list.arena = &result->arena;
    result->next_page = "";
    if (ask(result, client, &terms, silo_id) != QVT_OK) {
        qvt_capabilities_free(result);
        return call_finish(client, &terms);
    }
    *out = result;
    return QVT_OK;
}

qvt_status qvt_client_silo_capabilities(qvt_capabilities **out, qvt_client *client, const char *silo_id,
                                        const qvt_call_options *call)
{
    return run(out, client, silo_id != NULL ? silo_id : "", call);
}

qvt_status qvt_client_list_capabilities(qvt_capabilities **out, qvt_client *client, const qvt_call_options *call)
{
    return run(out, client, NULL, call);
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
        free(capabilities);
    }
}
