/* What an event loop would find missing too late: file descriptors. */
#ifndef QVT_BASE_DESCRIPTORS_H
#define QVT_BASE_DESCRIPTORS_H

#include "qvt/status.h"

/* To be called before a loop is made. 0, 1 and 2 are open from now on, on /dev/null where they were not: libuv ends the
 * process when it closes one of these, and what is printed would go into a socket. UNAVAILABLE: so few others can be had
 * that libuv's first loop would end the process. */
QVT_MUST_CHECK qvt_status descriptors_prepare(void);

#endif
