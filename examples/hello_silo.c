/* A silo in one file: registers, finds itself, keeps its lease until SIGINT or SIGTERM, unregisters.
 * usage: hello_silo [SILO-ID [VERSION [ADDRESS]]]; QVT_ENDPOINTS is where the tracker is, several with commas. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qvt/qvt.h"

enum { ENDPOINTS_MAX = 8 };

static int fail(const char *what, const qvt_error *error)
{
    fprintf(stderr, "%s: %s: %s\n", what, qvt_status_text(error->status), error->message);
    return 1;
}

int main(int argc, char **argv)
{
    qvt_error error;
    const char *endpoints[ENDPOINTS_MAX], *given = getenv("QVT_ENDPOINTS");
    char list[1024];
    size_t count = 0;
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    qvt_client *client;
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    snprintf(list, sizeof list, "%s", given != NULL ? given : "127.0.0.1:7070");
    for (char *each = strtok(list, ","); each != NULL && count < ENDPOINTS_MAX; each = strtok(NULL, ",")) {
        endpoints[count++] = each;
    }
    options.endpoints = endpoints;
    options.endpoint_count = count;
    if (qvt_client_new(&client, &options, &error) != QVT_OK) {
        return fail("connect", &error);
    }
    qvt_call_options call = QVT_CALL_OPTIONS_INIT;
    call.error = &error;
    qvt_actor_version version = {.actor_type = "HelloActor", .version = argc > 2 ? argv[2] : "1.0.0"};
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    silo.silo_id = argc > 1 ? argv[1] : "hello-1";
    silo.address = argc > 3 ? argv[3] : "127.0.0.1";
    silo.port = 11111;
    silo.versions = &version;
    silo.version_count = 1;
    qvt_find_request find = QVT_FIND_REQUEST_INIT;
    find.actor_type = version.actor_type;
    find.version = version.version;
    qvt_find_result *found;

    if (qvt_client_register(client, &silo, &call) != QVT_OK ||
        qvt_client_find(&found, client, &find, &call) != QVT_OK) {
        qvt_client_free(client);
        return fail("register", &error);
    }
    for (size_t i = 0; i < qvt_find_result_count(found); i++) {
        const qvt_found_silo *each = qvt_find_result_silo(found, i);
        printf("%s %s at %s:%u\n", each->silo_id, each->version, each->address, (unsigned)each->port);
    }
    qvt_find_result_free(found);
    fflush(stdout);
    sigwait(&stop, &(int){0});
    qvt_client_free(client); /* unregisters */
}
