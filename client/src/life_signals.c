#include <errno.h>
#include <signal.h>

#include "client/src/life.h"

static _Atomic(struct qvt_silo *) owner;
static struct sigaction before_term, before_int;

static void on_signal(int number)
{
    int kept = errno;
    struct qvt_silo *silo = atomic_load(&owner);
    (void)number;
    if (silo != NULL) {
        qvt_silo_stop(silo);
    }
    errno = kept;
}

qvt_status life_take_signals(struct qvt_silo *silo, qvt_error *error)
{
    struct sigaction action = {.sa_flags = SA_RESTART};
    struct qvt_silo *nobody = NULL;
    if (!atomic_compare_exchange_strong(&owner, &nobody, silo)) {
        return qvt_error_set(error, QVT_FAILED_PRECONDITION, NULL,
                             "another silo of this process handles its signals; set ignores_signals");
    }
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, &before_term);
    sigaction(SIGINT, &action, &before_int);
    return QVT_OK;
}

void life_give_signals(struct qvt_silo *silo)
{
    if (atomic_load(&owner) == silo) {
        sigaction(SIGTERM, &before_term, NULL);
        sigaction(SIGINT, &before_int, NULL);
        atomic_store(&owner, NULL);
    }
}
