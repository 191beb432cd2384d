/* Durations as people type them. */
#ifndef QVT_CLI_DURATION_H
#define QVT_CLI_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* "500ms", "30s", "2m", "1h", or "15" for seconds; a fraction is allowed ("1.5s"). At most 49 days. False: it is none. */
bool duration_parse(const char *text, uint32_t *out_ms);

#endif
