/* Statuses are the application's and few; watches are the clients' and many. A watch keeps the name it asked for in its
 * call's memory, so that names nobody set cost nothing beyond the call. */
#include "qvt/rpc/health.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "grpc/health/v1/health.server.h"
#include "qvt/rpc/message.h"

typedef Grpc__Health__V1__HealthCheckRequest request_message;
typedef Grpc__Health__V1__HealthCheckResponse response_message;

enum { SERVICE_UNKNOWN = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN, TOLD_NOTHING = -1 };

struct qvt_rpc_health {
    struct list services;
    struct list watches;
    struct list marker; /* of the round of tell_all */
    bool is_shut_down;
    grpc_health_v1_health_service served;
};

struct service {
    struct list node;
    int status;
    char name[];
};

/* Life: from on_request to finish; lives in the call's memory. */
struct watch {
    struct list node;
    qvt_rpc_server_call *call;
    const char *name;
    int told; /* what was sent last */
};

static struct service *find_service(const qvt_rpc_health *health, const char *name)
{
    for (struct list *at = health->services.next; at != &health->services; at = at->next) {
        struct service *service = LIST_ENTRY(at, struct service, node);
        if (strcmp(service->name, name) == 0) {
            return service;
        }
    }
    return NULL;
}

static int status_of(const qvt_rpc_health *health, const char *name)
{
    const struct service *service = find_service(health, name);
    return service == NULL ? SERVICE_UNKNOWN : service->status;
}

static void fill(response_message *response, int status)
{
    grpc__health__v1__health_check_response__init(response);
    response->status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)status;
}

static void check(void *self, qvt_rpc_unary *unary, const request_message *request)
{
    int status = status_of(self, request->service);
    if (status == SERVICE_UNKNOWN) {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_NOT_FOUND, NULL, "unknown service \"%s\"", request->service);
        qvt_rpc_unary_fail(unary, &error);
        return;
    }
    response_message response;
    fill(&response, status);
    qvt_rpc_unary_reply_message(unary, &response.base);
}

static void end_watch(struct watch *watch, qvt_status status, const char *message)
{
    qvt_error error;
    (void)qvt_error_set(&error, status, NULL, "%s", message);
    list_remove(&watch->node);
    qvt_rpc_server_call_finish(watch->call, &error);
}

static void send_status(struct watch *watch, int status)
{
    response_message response;
    fill(&response, status);
    watch->told = status;
    qvt_status sent = qvt_rpc_server_call_send_message(watch->call, &response.base);
    if (sent != QVT_OK && sent != QVT_CANCELLED) {
        end_watch(watch, sent, "no memory to tell the status");
    }
}

/* Who reads slowly gets the newest status once there is room: on_drain comes back here. */
static void tell(const qvt_rpc_health *health, struct watch *watch)
{
    int status = status_of(health, watch->name);
    if (status != watch->told && qvt_rpc_server_call_queued(watch->call) == 0) {
        send_status(watch, status);
    }
}

/* A watch that cannot be told may take its connection along, and with it other watches: only the first is safe to
 * look at. The marker tells when all have moved to the back once. */
static void tell_all(qvt_rpc_health *health)
{
    list_push_back(&health->watches, &health->marker);
    while (health->watches.next != &health->marker) {
        struct watch *watch = LIST_ENTRY(health->watches.next, struct watch, node);
        list_remove(&watch->node);
        list_push_back(&health->watches, &watch->node);
        tell(health, watch);
    }
    list_remove(&health->marker);
}

static void begin_watch(void *self, qvt_rpc_server_call *call, const request_message *request)
{
    qvt_rpc_health *health = self;
    struct watch *watch = qvt_rpc_server_call_alloc(call, sizeof(*watch));
    if (watch == NULL) {
        qvt_error error;
        (void)qvt_error_set(&error, QVT_RESOURCE_EXHAUSTED, NULL, "no memory for the watch");
        qvt_rpc_server_call_finish(call, &error);
        return;
    }
    *watch = (struct watch){.call = call, .name = request->service, .told = TOLD_NOTHING};
    list_push_back(&health->watches, &watch->node);
    qvt_rpc_server_call_set_context(call, watch);
    tell(health, watch);
    if (health->is_shut_down) {
        qvt_rpc_health_shutdown(health);
    }
}

static void drain_watch(void *self, qvt_rpc_server_call *call)
{
    struct watch *watch = qvt_rpc_server_call_context(call);
    if (watch != NULL) {
        tell(self, watch);
    }
}

static void cancel_watch(void *self, qvt_rpc_server_call *call)
{
    struct watch *watch = qvt_rpc_server_call_context(call);
    (void)self;
    list_remove(&watch->node);
    qvt_rpc_server_call_finish(call, NULL);
}

static const grpc_health_v1_health_handlers handlers = {
    .check = check,
    .watch = {.on_request = begin_watch, .on_cancel = cancel_watch, .on_drain = drain_watch},
};

qvt_status qvt_rpc_health_new(qvt_rpc_health **out)
{
    qvt_rpc_health *health = calloc(1, sizeof(*health));
    if (health == NULL) {
        return QVT_NO_MEMORY;
    }
    list_init(&health->services);
    list_init(&health->watches);
    health->served = (grpc_health_v1_health_service){&handlers, health};
    qvt_status status = qvt_rpc_health_set(health, "", QVT_RPC_HEALTH_SERVING);
    if (status != QVT_OK) {
        free(health);
        return status;
    }
    *out = health;
    return QVT_OK;
}

void qvt_rpc_health_free(qvt_rpc_health *health)
{
    if (health == NULL) {
        return;
    }
    while (!list_is_empty(&health->services)) {
        struct service *service = LIST_ENTRY(health->services.next, struct service, node);
        list_remove(&service->node);
        free(service);
    }
    free(health);
}

qvt_status qvt_rpc_health_serve(qvt_rpc_health *health, qvt_rpc_server *server)
{
    return grpc_health_v1_health_serve(server, &health->served);
}

static struct service *add_service(qvt_rpc_health *health, const char *name)
{
    size_t len = strlen(name) + 1;
    struct service *service = malloc(sizeof(*service) + len);
    if (service != NULL) {
        memcpy(service->name, name, len);
        list_push_back(&health->services, &service->node);
    }
    return service;
}

qvt_status qvt_rpc_health_set(qvt_rpc_health *health, const char *service, qvt_rpc_health_status status)
{
    if (health->is_shut_down) {
        return QVT_OK;
    }
    struct service *found = find_service(health, service);
    if (found == NULL) {
        found = add_service(health, service);
    }
    if (found == NULL) {
        return QVT_NO_MEMORY;
    }
    found->status = (int)status;
    tell_all(health);
    return QVT_OK;
}

void qvt_rpc_health_clear(qvt_rpc_health *health, const char *service)
{
    struct service *found = find_service(health, service);
    if (found != NULL) {
        list_remove(&found->node);
        free(found);
        tell_all(health);
    }
}

static void end_told(const qvt_rpc_health *health, struct watch *watch)
{
    int status = status_of(health, watch->name);
    response_message response;
    fill(&response, status);
    if (status != watch->told) {
        /* Without memory for the news the end has to do. */
        qvt_status ignored = qvt_rpc_server_call_send_message(watch->call, &response.base);
        (void)ignored;
    }
    end_watch(watch, QVT_UNAVAILABLE, "the server shuts down");
}

void qvt_rpc_health_shutdown(qvt_rpc_health *health)
{
    health->is_shut_down = true;
    for (struct list *at = health->services.next; at != &health->services; at = at->next) {
        LIST_ENTRY(at, struct service, node)->status = QVT_RPC_HEALTH_NOT_SERVING;
    }
    while (!list_is_empty(&health->watches)) {
        end_told(health, LIST_ENTRY(health->watches.next, struct watch, node));
    }
}
