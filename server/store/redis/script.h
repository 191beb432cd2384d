/* script.lua, as the build embeds it. */
#ifndef QVT_SERVER_STORE_REDIS_SCRIPT_H
#define QVT_SERVER_STORE_REDIS_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t redis_script[];
extern const size_t redis_script_len;

#endif
