/* Looks into encoded file descriptors: what a file declares, imports and extends. Nothing is allocated. The bytes are the
 * program's own and valid; what is not ends the search. */
#ifndef QVT_RPC_STANDARD_SYMBOLS_H
#define QVT_RPC_STANDARD_SYMBOLS_H

#include <stdbool.h>

#include "qvt/slice.h"

/* Whether the file declares the symbol, a full name: a service, method, message, field, oneof, enum, enum value or
 * extension. */
bool symbols_declares(qvt_slice file, qvt_slice symbol);

/* Whether the file declares a message of that full name. */
bool symbols_declares_message(qvt_slice file, qvt_slice symbol);

/* The names of the file's imports, one at a time: *rest starts as the file; false: no more. */
bool symbols_next_import(qvt_slice *rest, qvt_slice *name);

/* The names of its services, without the package, in the same manner. */
bool symbols_next_service(qvt_slice *rest, qvt_slice *name);

/* "" when the file has none. */
qvt_slice symbols_package(qvt_slice file);

/* Tells each extension that the file declares, also inside messages; extendee as a full name. Stops when on_extension
 * returns false, and returns that. */
bool symbols_each_extension(qvt_slice file, bool (*on_extension)(void *data, qvt_slice extendee, int32_t number),
                            void *data);

#endif
