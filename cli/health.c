/* qvtctl health */
#include <stdio.h>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/show.h"
#include "cli/style.h"
#include "protobuf-c/grpc/health/v1/health.pb-c.h"
#include "protobuf-c/quark/version/v1/version_tracker.pb-c.h"
#include "qvt/grpc/health/v1/health.methods.h"

typedef Grpc__Health__V1__HealthCheckRequest check_request;
typedef Grpc__Health__V1__HealthCheckResponse check_response;

struct options {
    char *service;
};

static size_t own_flags(void *data, struct flag *out)
{
    struct options *options = data;
    out[0] = (struct flag){
        "--service",       NULL, "NAME", "of this service only, such as quark.version.v1.VersionTracker", FLAG_TEXT,
        &options->service, 0};
    return 1;
}

static enum exit_code show(const struct session *session, int status)
{
    bool is_serving = status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
    char room[12];
    const char *name =
        show_enum(&grpc__health__v1__health_check_response__serving_status__descriptor, "", status, room);
    if (session->settings->json) {
        printf("{\"status\":\"%s\"}\n", name);
    } else {
        enum style style = !style_is_on(stdout) ? STYLE_PLAIN : is_serving ? STYLE_GOOD : STYLE_BAD;
        printf("%s%s%s\n", style_begin(style), name, style_end(style));
    }
    return is_serving ? EXIT_DONE : EXIT_REFUSED;
}

/* A tracker without the standard service is healthy when it answers for its cluster. */
static enum exit_code check_by_status(struct session *session)
{
    Quark__Version__V1__GetClusterStatusRequest request;
    ProtobufCMessage *answer;
    qvt_error error;
    quark__version__v1__get_cluster_status_request__init(&request);
    request.cluster = session->settings->cluster;
    if (session_call(session, METHOD(GET_CLUSTER_STATUS), &request.base,
                     &quark__version__v1__get_cluster_status_response__descriptor, &answer, &error) != QVT_OK) {
        return report_error(&error);
    }
    session_free_answer(answer);
    return show(session, GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
}

static enum exit_code check(struct session *session, char *service)
{
    check_request request;
    ProtobufCMessage *answer;
    qvt_error error;
    grpc__health__v1__health_check_request__init(&request);
    request.service = service != NULL ? service : request.service;
    qvt_status status =
        session_call(session, &grpc_health_v1_health.methods[GRPC_HEALTH_V1_HEALTH_CHECK], &request.base,
                     &grpc__health__v1__health_check_response__descriptor, &answer, &error);
    if (status == QVT_UNIMPLEMENTED && service == NULL) {
        return check_by_status(session);
    }
    if (status != QVT_OK) {
        return report_error(&error);
    }
    enum exit_code code = show(session, (int)((const check_response *)answer)->status);
    session_free_answer(answer);
    return code;
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    const struct options *options = data;
    struct session session;
    qvt_error error;
    (void)arguments;
    if (session_open(&session, settings, &error) != QVT_OK) {
        return report_not_opened(&error);
    }
    enum exit_code code = check(&session, options->service);
    session_close(&session);
    return code;
}

const struct command command_health = {
    .words = "health",
    .arguments = "",
    .summary = "Ask whether the tracker takes calls; for health checks",
    .details = "Exit code 0: it does. 1: it does not, for now. 4: nobody answered. Asks grpc.health.v1.Health, and a\n"
               "tracker without it for the status of the cluster.\n"
               "example: HEALTHCHECK CMD [\"qvtctl\", \"health\", \"--timeout\", \"2s\"]\n",
    .max_arguments = 0,
    .options_size = sizeof(struct options),
    .own_flags = own_flags,
    .run = run,
};
