/* Serves every service of the foreign files, with reflection, and ends. */
#include <stdio.h>

#include <qvt/rpc/reflection.h>

#include "acme/services.descriptor.h"
#include "acme/services.server.h"
#include "legacy.descriptor.h"
#include "legacy.server.h"

static void method_count(void *self, qvt_rpc_unary *unary, const Acme__Parts__V2__Outer *request)
{
    (void)self;
    (void)unary;
    (void)request;
}

static void now(void *self, qvt_rpc_unary *unary, const Legacy *request)
{
    (void)self;
    (void)unary;
    (void)request;
}

static int failed(qvt_status status)
{
    return status != QVT_OK;
}

static int add_services(qvt_rpc_server *server)
{
    static const acme_v1_files_handlers files = {.method_count = method_count};
    static const acme_v1_files_service__handlers more = {.handlers_serve = NULL};
    static const acme_v1_fil_handlers fil = {.es_read_file = {.on_begin = NULL}};
    static const acme_v1_empty_handlers empty = {NULL};
    static const time_service_handlers times = {.now = now};
    static const acme_v1_files_service files_service = {&files, NULL};
    static const acme_v1_files_service__service more_service = {&more, NULL};
    static const acme_v1_fil_service fil_service = {&fil, NULL};
    static const acme_v1_empty_service empty_service = {&empty, NULL};
    static const time_service_service time_service = {&times, NULL};
    return failed(acme_v1_files_serve(server, &files_service)) +
           failed(acme_v1_files_service__serve(server, &more_service)) +
           failed(acme_v1_fil_serve(server, &fil_service)) + failed(acme_v1_empty_serve(server, &empty_service)) +
           failed(time_service_serve(server, &time_service));
}

int main(void)
{
    qvt_rpc_runtime *runtime = NULL;
    qvt_rpc_server *server = NULL;
    qvt_rpc_reflection *reflection = NULL;
    int faults = failed(qvt_rpc_runtime_new(&runtime, NULL));
    faults += failed(qvt_rpc_server_new(&server, runtime, NULL));
    faults += add_services(server);
    faults += failed(qvt_rpc_reflection_new(&reflection));
    faults += failed(qvt_rpc_reflection_add(reflection, &acme_services_proto));
    faults += failed(qvt_rpc_reflection_add(reflection, &legacy_proto));
    faults += failed(qvt_rpc_reflection_serve(reflection, server));
    if (faults == 0) {
        puts("served 5 services");
    }
    qvt_rpc_server_free(server);
    qvt_rpc_reflection_free(reflection);
    qvt_rpc_runtime_free(runtime);
    return faults;
}
