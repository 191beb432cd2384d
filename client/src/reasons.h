/* Errors that outlive the answer they came with. */
#ifndef QVT_CLIENT_REASONS_H
#define QVT_CLIENT_REASONS_H

#include "qvt/error.h"

/* Copies the error so that nothing in it is borrowed. A reason that this library does not know goes to the end of the
 * message, in brackets; a fact with an unknown name is dropped. */
void reasons_own(qvt_error *out, const qvt_error *received);

#endif
