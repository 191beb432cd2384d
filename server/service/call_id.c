#include "server/service/call_id.h"

#include <inttypes.h>
#include <stdio.h>

void call_id_text(char out[CALL_ID_TEXT_MAX], const char *protocol, uint64_t id)
{
    snprintf(out, CALL_ID_TEXT_MAX, "%.8s-%" PRIu64, protocol, id);
}
