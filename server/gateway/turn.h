/* Runs a function once this turn's input has been read, whatever phase the loop is in when it is asked for. */
#ifndef QVT_SERVER_GATEWAY_TURN_H
#define QVT_SERVER_GATEWAY_TURN_H

#include <uv.h>

/* Caller's memory, in place from turn_init until on_closed. */
struct turn {
    uv_idle_t idle; /* active while the run is wanted: the loop does not sleep before it */
    uv_check_t check;
    void (*run)(void *data);
    void *data;
    unsigned open_handles;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

/* Keeps the loop alive only while a run is wanted. Loop thread, like all of these. */
void turn_init(struct turn *turn, uv_loop_t *loop, void (*run)(void *data), void *data);

/* Asks for one run; asking again before it changes nothing. */
void turn_want(struct turn *turn);

/* Takes the wish back. */
void turn_unwant(struct turn *turn);

void turn_close(struct turn *turn, void (*on_closed)(void *data), void *data);

#endif
