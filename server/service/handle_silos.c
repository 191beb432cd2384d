#include "server/service/current.h"
#include "server/service/handlers.h"

#include <xxhash.h>

#include "base/check.h"
#include "server/registry/incarnation.h"
#include "server/service/page.h"
#include "version/range.h"

/* Record and volatile fields are one SiloInfo: concatenated encodings merge. */
static void encode_silo(struct read *read, const struct registry_silo *silo)
{
    struct encoder *encoder = &read->encoder;
    size_t mark = encode_begin(encoder);
    if (encoder->status == QVT_OK) {
        encoder->status = replica_append_volatile(read->cluster->replica, silo, encoder->out);
    }
    encode_end_with(encoder, &read->service->shares, ANSWER_BODY, mark, silo->image);
}

static qvt_status get_silo(struct read *read, const Quark__Version__V1__GetSiloRequest *request, qvt_error *error)
{
    qvt_slice silo_id = qvt_slice_text(request->silo_id);
    QVT_TRY(validate_silo_id(silo_id, "silo_id", error));
    const struct registry_silo *silo = registry_silo(read->registry, silo_id);
    if (silo == NULL) {
        return incarnation_refuse_unknown(silo_id, error);
    }
    encode_silo(read, silo);
    return QVT_OK;
}

SERVICE_READ_HANDLER(handle_get_silo, GetSilo)
{
    struct read read;
    qvt_error error;
    if (read_begin(&read, self, request->cluster, request->min_position, &error) != QVT_OK ||
        get_silo(&read, request, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    read_reply(&read, unary);
}

/* The request's filters, read once. */
struct silo_filter {
    const Quark__Version__V1__ListSilosRequest *request;
    struct range range;
    bool has_range;
    unsigned statuses; /* a bit a status; 0: all */
};

static qvt_status read_statuses(struct silo_filter *filter, qvt_error *error)
{
    const Quark__Version__V1__ListSilosRequest *request = filter->request;
    for (size_t i = 0; i < request->n_statuses; i++) {
        int status = (int)request->statuses[i];
        if (status < PLACEMENT_JOINING || status > PLACEMENT_DEAD) {
            return qvt_error_field(error, "statuses", "statuses[%zu] is %d, which is no status", i, status);
        }
        filter->statuses |= 1u << status;
    }
    return QVT_OK;
}

/* What no silo can have is a mistake, not an empty answer. */
static qvt_status check_labels(const Quark__Version__V1__ListSilosRequest *request, qvt_error *error)
{
    for (size_t i = 0; i < request->n_labels; i++) {
        if (request->labels[i][0] == '\0' || request->labels[i][0] == '=') {
            return qvt_error_field(error, "labels", "labels[%zu] is \"%.64s\": it must be a key or key=value", i,
                                   request->labels[i]);
        }
    }
    return QVT_OK;
}

static qvt_status read_filter(struct silo_filter *filter, const Quark__Version__V1__ListSilosRequest *request,
                              qvt_error *error)
{
    const char *why = NULL;
    filter->request = request;
    filter->statuses = 0;
    filter->has_range = request->version_range[0] != '\0';
    QVT_TRY(read_statuses(filter, error));
    QVT_TRY(check_labels(request, error));
    if (request->actor_type[0] != '\0') {
        QVT_TRY(validate_actor_type(qvt_slice_text(request->actor_type), "actor_type", error));
    }
    if (filter->has_range && request->actor_type[0] == '\0') {
        return qvt_error_field(error, "actor_type", "version_range needs actor_type, which is missing");
    }
    if (filter->has_range && range_parse(&filter->range, qvt_slice_text(request->version_range), &why) != QVT_OK) {
        return qvt_error_field(error, "version_range", "version_range \"%s\": %s", request->version_range, why);
    }
    return QVT_OK;
}

static bool matches_type(const struct silo_filter *filter, const struct registry *registry,
                         const struct registry_silo *silo)
{
    if (filter->request->actor_type[0] == '\0') {
        return true;
    }
    const struct semver *version = registry_silo_semver(registry, silo, qvt_slice_text(filter->request->actor_type));
    return version != NULL && (!filter->has_range || range_contains(&filter->range, version));
}

static bool matches(const struct silo_filter *filter, const struct registry *registry, const struct registry_silo *silo)
{
    const Quark__Version__V1__ListSilosRequest *request = filter->request;
    if (filter->statuses != 0 && (filter->statuses >> silo->status & 1u) == 0) {
        return false;
    }
    if (request->zone_id[0] != '\0' && !qvt_slice_equal(silo->zone_id, qvt_slice_text(request->zone_id))) {
        return false;
    }
    for (size_t i = 0; i < request->n_labels; i++) {
        if (!registry_silo_has_label(silo, qvt_slice_text(request->labels[i]))) {
            return false;
        }
    }
    return matches_type(filter, registry, silo);
}

static uint64_t mix(uint64_t hash, const char *text)
{
    return XXH3_64bits_withSeed(text, strlen(text), hash);
}

static uint64_t fingerprint(const struct silo_filter *filter)
{
    const Quark__Version__V1__ListSilosRequest *request = filter->request;
    uint64_t hash = page_fingerprint(request->cluster, filter->statuses);
    hash = mix(mix(mix(hash, request->actor_type), request->version_range), request->zone_id);
    for (size_t i = 0; i < request->n_labels; i++) {
        hash = mix(hash, request->labels[i]);
    }
    return hash;
}

static void list_silos(struct read *read, struct page *page, const struct silo_filter *filter)
{
    qvt_slice last = page->after;
    const struct registry_silo *silo = registry_silo_after(read->registry, page->after);
    for (; silo != NULL && read->encoder.status == QVT_OK; silo = registry_silo_next(read->registry, silo)) {
        if (!matches(filter, read->registry, silo)) {
            continue;
        }
        size_t mark = encode_begin(&read->encoder);
        if (page->left > 0) {
            encode_silo(read, silo);
        }
        if (!page_takes(page, &read->encoder, mark)) {
            page_end(page, &read->encoder, last);
            return;
        }
        last = silo->id;
    }
}

SERVICE_READ_HANDLER(handle_list_silos, ListSilos)
{
    struct read read;
    struct page page;
    struct silo_filter filter;
    qvt_error error;
    if (read_begin(&read, self, request->cluster, request->min_position, &error) != QVT_OK ||
        read_filter(&filter, request, &error) != QVT_OK ||
        page_begin(&page, self, request->page_size, request->page_token, fingerprint(&filter), &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    list_silos(&read, &page, &filter);
    read_reply(&read, unary);
}
