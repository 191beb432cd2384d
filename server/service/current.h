/* Reads that must be current: where others share the store, they wait until this replica's mirror is (SPEC §4.10). */
#ifndef QVT_SERVER_SERVICE_CURRENT_H
#define QVT_SERVER_SERVICE_CURRENT_H

#include "qvt/rpc/unary.h"
#include "server/service/service_impl.h"

/* A handler's own work. */
typedef void (*current_read)(void *self, qvt_rpc_unary *unary, const void *request);

/* What the request asks for. */
struct current_wanted {
    const char *cluster; /* "": default */
    const Quark__Version__V1__Position *min_position;
    bool linearizable;
};

/* Whether such a read may have to wait. */
bool current_must_wait(const struct service *service, const struct current_wanted *wanted);

/* Calls `read`, at once or when the mirror shows what is wanted; fails the unary if that takes too long. The request lives
 * as long as the unary. */
void current_begin(struct service *service, qvt_rpc_unary *unary, const struct current_wanted *wanted,
                   current_read read, const void *request);

/* A handler of a read: the body that follows is called when the mirror is current enough. */
#define SERVICE_READ_HANDLER(name, message)                                                                            \
    static void name##_now(void *self, qvt_rpc_unary *unary, const Quark__Version__V1__##message##Request *request);   \
    static void name##_later(void *self, qvt_rpc_unary *unary, const void *request)                                    \
    {                                                                                                                  \
        name##_now(self, unary, request);                                                                              \
    }                                                                                                                  \
    SERVICE_HANDLER(name, message)                                                                                     \
    {                                                                                                                  \
        const struct current_wanted wanted = {request->cluster, request->min_position, request->linearizable};         \
        if (current_must_wait(self, &wanted)) {                                                                        \
            current_begin(self, unary, &wanted, name##_later, request);                                                \
        } else {                                                                                                       \
            name##_now(self, unary, request);                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static void name##_now(void *self, qvt_rpc_unary *unary, const Quark__Version__V1__##message##Request *request)

#endif
