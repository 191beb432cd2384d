/* What log lines call a call. */
#ifndef QVT_SERVER_SERVICE_CALL_ID_H
#define QVT_SERVER_SERVICE_CALL_ID_H

#include <stdint.h>

enum { CALL_ID_TEXT_MAX = 32 };

/* "grpc-17": unique in a process. */
void call_id_text(char out[CALL_ID_TEXT_MAX], const char *protocol, uint64_t id);

#endif
