/* The clock of a registration: heartbeats every third of the lease (SPEC §7.1), attempts after a sixth. Loop thread. */
#ifndef QVT_CLIENT_LEASE_H
#define QVT_CLIENT_LEASE_H

#include "client/src/registration.h"

void lease_init(struct registration *registration);

/* The lease was just granted: the first heartbeat comes after a third of it. */
void lease_begin(struct registration *registration);

/* Something failed that may succeed later: again after a sixth. */
void lease_retry(struct registration *registration);

/* No more ticks until lease_begin or lease_retry. */
void lease_end(struct registration *registration);

/* Closes the timer. */
void lease_close(struct registration *registration);

#endif
