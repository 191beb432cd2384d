#include "client/src/options.h"

#include <stdint.h>
#include <string.h>

qvt_status options_read(void *known, size_t known_size, const void *given, const char *name, qvt_error *error)
{
    uint32_t size;
    if (given == NULL) {
        return QVT_OK;
    }
    memcpy(&size, given, sizeof size);
    if (size < sizeof size || size > 4096) {
        return qvt_error_field(error, "size", "%s.size is %u; use the _INIT of the struct", name, (unsigned)size);
    }
    const unsigned char *bytes = given;
    for (size_t i = known_size; i < size; i++) {
        if (bytes[i] != 0) {
            return qvt_error_field(error, "size", "%s sets members that this library does not know", name);
        }
    }
    memcpy(known, given, size < known_size ? size : known_size);
    return QVT_OK;
}
