#include "server/app/listen_address.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void listen_address(char out[LISTEN_ADDRESS_MAX], const char *text)
{
    static const char LOCALHOST[] = "localhost:";
    const size_t len = sizeof(LOCALHOST) - 1;
    if (strncasecmp(text, LOCALHOST, len) == 0) {
        snprintf(out, LISTEN_ADDRESS_MAX, "127.0.0.1:%s", text + len);
    } else {
        snprintf(out, LISTEN_ADDRESS_MAX, "%s", text);
    }
}
