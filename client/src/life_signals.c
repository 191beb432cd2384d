#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "client/src/client.h"
#include "client/src/life.h"

static _Atomic(struct qvt_silo *) owner;
static _Atomic(pid_t) owner_pid; /* which a signal asks for: it may come before the fork is counted */
static struct sigaction before_term, before_int;

/* A forked process has the handler, but nobody who would leave: there the signal is what it was before. */
static void on_signal(int number)
{
    int kept = errno;
    struct qvt_silo *silo = atomic_load(&owner);
    if (silo != NULL && getpid() != atomic_load(&owner_pid)) {
        sigaction(number, number == SIGTERM ? &before_term : &before_int, NULL);
        raise(number);
    } else if (silo != NULL) {
        qvt_silo_stop(silo);
    }
    errno = kept;
}

static void take(int number, struct sigaction *before)
{
    struct sigaction action = {.sa_flags = SA_RESTART, .sa_handler = on_signal}, old;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, &old);
    if (old.sa_handler != on_signal) {
        *before = old;
    }
}

qvt_status life_take_signals(struct qvt_silo *silo, qvt_error *error)
{
    struct qvt_silo *holder = NULL;
    bool is_ours = atomic_compare_exchange_strong(&owner, &holder, silo);
    if (!is_ours && client_is_foreign(holder->client)) {
        is_ours = atomic_compare_exchange_strong(&owner, &holder, silo);
    }
    if (!is_ours) {
        return qvt_error_set(error, QVT_FAILED_PRECONDITION, NULL,
                             "another silo of this process handles its signals; set ignores_signals");
    }
    atomic_store(&owner_pid, getpid());
    take(SIGTERM, &before_term);
    take(SIGINT, &before_int);
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
