/* Assertions that stay in every build, and the one control-flow macro for statuses. */
#ifndef QVT_BASE_CHECK_H
#define QVT_BASE_CHECK_H

#include "qvt/status.h"

/* Ends the process with file, line and expression on stderr: our own bug, never a peer's or the environment's fault. */
_Noreturn void check_failed(const char *file, int line, const char *expression);

#define QVT_ASSERT(expression) ((expression) ? (void)0 : check_failed(__FILE__, __LINE__, #expression))

/* Returns the status of the expression from the enclosing function unless it is QVT_OK. */
#define QVT_TRY(expression)                                                                                            \
    do {                                                                                                               \
        qvt_status try_status = (expression);                                                                          \
        if (try_status != QVT_OK) {                                                                                    \
            return try_status;                                                                                         \
        }                                                                                                              \
    } while (0)

#endif
