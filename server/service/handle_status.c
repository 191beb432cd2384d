#include "server/service/current.h"
#include "server/service/handlers.h"

#include "server/service/answer.h"

/* Fields of GetClusterStatusResponse and StatusCount. */
enum {
    STATUS_SILOS = 4,
    STATUS_SUSPECT = 5,
    STATUS_UNHEALTHY = 6,
    STATUS_ACTOR_TYPES = 7,
    STATUS_POLICIES = 8,
    STATUS_EXPIRY_PAUSED = 9,
    COUNT_STATUS = 1,
    COUNT_SILOS = 2
};

static void encode_counts(struct encoder *encoder, const struct registry_counts *counts)
{
    for (uint32_t status = PLACEMENT_JOINING; status <= PLACEMENT_DEAD; status++) {
        size_t mark = encode_begin(encoder);
        encode_uint(encoder, COUNT_STATUS, status);
        encode_uint(encoder, COUNT_SILOS, counts->silos_by_status[status]);
        encode_end(encoder, STATUS_SILOS, mark);
    }
    encode_uint(encoder, STATUS_SUSPECT, counts->suspect);
    encode_uint(encoder, STATUS_UNHEALTHY, counts->unhealthy);
    encode_uint(encoder, STATUS_ACTOR_TYPES, counts->actor_types);
    encode_uint(encoder, STATUS_POLICIES, counts->policies);
    encode_bool(encoder, STATUS_EXPIRY_PAUSED, counts->expiry_paused);
}

SERVICE_READ_HANDLER(handle_get_cluster_status, GetClusterStatus)
{
    struct read read;
    qvt_error error;
    if (read_begin(&read, self, request->cluster, request->min_position, &error) != QVT_OK) {
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    encode_counts(&read.encoder, registry_counts(read.registry));
    read_reply(&read, unary);
}
