/* generated/openapi.json, inside the program. */
#ifndef QVT_SERVER_GATEWAY_OPENAPI_H
#define QVT_SERVER_GATEWAY_OPENAPI_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t openapi_json[];
extern const size_t openapi_json_len;

#endif
