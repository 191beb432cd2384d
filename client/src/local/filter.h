/* What a local watch delivers (SPEC §6.4). There are only silos here: no policies, no settings. */
#ifndef QVT_CLIENT_LOCAL_FILTER_H
#define QVT_CLIENT_LOCAL_FILTER_H

#include "qvt/answer.h"
#include "base/arena.h"
#include "client/src/decode.h"
#include "client/src/local/silo.h"

enum local_filter_kind { FILTER_TYPES, FILTER_SILOS, FILTER_TYPE_PREFIXES, FILTER_SILO_PREFIXES, FILTER_KINDS };

/* All lists empty: everything. */
struct local_filter {
    struct arena arena;
    struct {
        const char *const *items;
        size_t count;
    } lists[FILTER_KINDS];
};

/* Reads the first request of a watch; *resume_after has no store_id when it says none. INVALID_ARGUMENT naming the field,
 * NO_MEMORY. local_filter_deinit is due in every case. */
QVT_MUST_CHECK qvt_status local_filter_read(struct local_filter *out, qvt_position *resume_after, qvt_slice request,
                                            qvt_error *error);
void local_filter_deinit(struct local_filter *filter);

bool local_filter_takes(const struct local_filter *filter, const struct local_silo *silo);

#endif
