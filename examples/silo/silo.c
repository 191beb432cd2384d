/* A silo in C: declares its actor types, finds their hosts without the network, empties itself on SIGTERM.
 * usage: silo SILO-ID PORT; QVT_ENDPOINTS is where the trackers are. */
#include <stdio.h>
#include <stdlib.h>

#include "qvt/qvt.h"

QVT_ACTOR_TYPE(OrderActor);
QVT_ACTOR_TYPE_SCHEMA(CartActor, 0, 1, 2, 2);

static void deactivate(void *data, const qvt_actor_activity *actor, qvt_deactivation *deactivation)
{
    (void)data;
    printf("saved %s %s\n", actor->actor_type, actor->actor_id);
    qvt_deactivation_done(deactivation, QVT_OK);
}

static void on_end(void *data, const qvt_silo_report *report)
{
    (void)data;
    printf("left: %u of %u actors saved, %s\n", (unsigned)report->deactivated, (unsigned)report->actors,
           report->is_superseded     ? "superseded"
           : report->is_unregistered ? "unregistered"
                                     : "not unregistered");
    fflush(stdout);
}

/* What an actor runtime would do: a handle for each actor, told of each message. */
static void handle_one(qvt_activity *activity, const char *id)
{
    qvt_actor *actor;
    if (qvt_activity_actor(&actor, activity, "OrderActor", id) == QVT_OK) {
        qvt_actor_call_began(actor);
        qvt_actor_call_ended(actor);
        qvt_actor_release(actor);
    }
}

static void show_hosts(qvt_client *client)
{
    qvt_find_request find = QVT_FIND_REQUEST_INIT;
    qvt_find_result *found;
    find.actor_type = "OrderActor";
    find.version = QVT_ASSEMBLY_VERSION;
    if (qvt_client_find(&found, client, &find, NULL) == QVT_OK) {
        for (size_t i = 0; i < qvt_find_result_count(found); i++) {
            const qvt_found_silo *silo = qvt_find_result_silo(found, i);
            printf("found %s %s at %s:%u\n", silo->silo_id, silo->version, silo->address, (unsigned)silo->port);
        }
        qvt_find_result_free(found);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    qvt_error error;
    qvt_activity *activity;
    qvt_silo *silo;
    qvt_silo_options who = QVT_SILO_OPTIONS_INIT;
    qvt_life_options life = QVT_LIFE_OPTIONS_INIT;
    if (argc != 3 || qvt_activity_new(&activity, NULL) != QVT_OK) {
        fprintf(stderr, "usage: silo SILO-ID PORT\n");
        return 2;
    }
    who.silo_id = argv[1];
    who.address = "127.0.0.1";
    who.port = (uint32_t)strtoul(argv[2], NULL, 10);
    life.silo = &who;
    life.activity = activity;
    life.deactivate = deactivate;
    life.on_end = on_end;
    if (qvt_silo_start(&silo, &life, &error) != QVT_OK) {
        fprintf(stderr, "silo: %s\n", error.message);
        return 1;
    }
    handle_one(activity, "order-1");
    show_hosts(qvt_silo_client(silo));
    qvt_silo_wait(silo, NULL);
    qvt_silo_free(silo);
    qvt_activity_free(activity);
    return 0;
}
