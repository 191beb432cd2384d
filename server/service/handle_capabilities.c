#include "server/service/current.h"
#include "server/service/handlers.h"

#include "base/check.h"
#include "server/registry/incarnation.h"
#include "server/service/page.h"

/* Fields of SiloCapabilities. */
enum { CAPABILITIES_SILO_ID = 1, CAPABILITIES_INCARNATION = 2, CAPABILITIES_VERSIONS = 3 };

static void encode_capabilities(struct encoder *encoder, const struct registry_silo *silo)
{
    size_t mark = encode_begin(encoder);
    encode_bytes(encoder, CAPABILITIES_SILO_ID, silo->id);
    encode_uint(encoder, CAPABILITIES_INCARNATION, silo->incarnation);
    if (encoder->status == QVT_OK) {
        encoder->status = registry_silo_append_versions(silo, CAPABILITIES_VERSIONS, encoder->out);
    }
    encode_end(encoder, ANSWER_BODY, mark);
}

/* The silo, which must have versions. */
static qvt_status find_silo(const struct read *read, const char *silo_id, const struct registry_silo **out,
                            qvt_error *error)
{
    QVT_TRY(validate_silo_id(qvt_slice_text(silo_id), "silo_id", error));
    *out = registry_silo(read->registry, qvt_slice_text(silo_id));
    if (*out == NULL) {
        return incarnation_refuse_unknown(qvt_slice_text(silo_id), error);
    }
    if ((*out)->type_count == 0) {
        return qvt_error_set(error, QVT_NOT_FOUND, "NO_VERSIONS", "silo \"%s\" has no versions", silo_id);
    }
    return QVT_OK;
}

SERVICE_READ_HANDLER(handle_get_silo_capabilities, GetSiloCapabilities)
{
    struct read read;
    const struct registry_silo *silo = NULL;
    qvt_error error;
    if (read_begin(&read, self, request->cluster, request->min_position, &error) != QVT_OK ||
        find_silo(&read, request->silo_id, &silo, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    encode_capabilities(&read.encoder, silo);
    read_reply(&read, unary);
}

static void list_capabilities(struct read *read, struct page *page)
{
    qvt_slice last = page->after;
    const struct registry_silo *silo = registry_capable_after(read->registry, page->after);
    for (; silo != NULL && read->encoder.status == QVT_OK; silo = registry_capable_next(read->registry, silo)) {
        size_t mark = encode_begin(&read->encoder);
        if (page->left > 0) {
            encode_capabilities(&read->encoder, silo);
        }
        if (!page_takes(page, &read->encoder, mark)) {
            page_end(page, &read->encoder, last);
            return;
        }
        last = silo->id;
    }
}

SERVICE_READ_HANDLER(handle_list_silo_capabilities, ListSiloCapabilities)
{
    struct read read;
    struct page page;
    qvt_error error;
    uint64_t filters = page_fingerprint(request->cluster, 1);
    if (read_begin(&read, self, request->cluster, request->min_position, &error) != QVT_OK ||
        page_begin(&page, self, request->page_size, request->page_token, filters, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    list_capabilities(&read, &page);
    read_reply(&read, unary);
}

static qvt_status get_version(struct read *read, const Quark__Version__V1__GetActorTypeVersionRequest *request,
                              qvt_error *error)
{
    const struct registry_silo *silo = NULL;
    qvt_slice info = {NULL, 0};
    qvt_slice actor_type = qvt_slice_text(request->actor_type);
    QVT_TRY(validate_actor_type(actor_type, "actor_type", error));
    QVT_TRY(find_silo(read, request->silo_id, &silo, error));
    if (!registry_silo_version(silo, actor_type, &info)) {
        return qvt_error_set(error, QVT_NOT_FOUND, "ACTOR_TYPE_NOT_FOUND", "silo \"%s\" has no actor type \"%s\"",
                             request->silo_id, request->actor_type);
    }
    encode_message(&read->encoder, ANSWER_BODY, info, qvt_slice_make(NULL, 0));
    return QVT_OK;
}

SERVICE_READ_HANDLER(handle_get_actor_type_version, GetActorTypeVersion)
{
    struct read read;
    qvt_error error;
    if (read_begin(&read, self, request->cluster, request->min_position, &error) != QVT_OK ||
        get_version(&read, request, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    read_reply(&read, unary);
}
