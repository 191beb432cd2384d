/* Errors as people read them: the message alone must say which field is at fault. */
#ifndef QVT_SERVER_SERVICE_ERROR_FIELD_H
#define QVT_SERVER_SERVICE_ERROR_FIELD_H

#include "qvt/error.h"

/* Copies the error; a message that does not mention the field at fault gets it in front. out and error may not be the
 * same. */
void error_name_field(qvt_error *out, const qvt_error *error);

#endif
