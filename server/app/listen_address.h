/* Where to listen, as users write it. */
#ifndef QVT_SERVER_APP_LISTEN_ADDRESS_H
#define QVT_SERVER_APP_LISTEN_ADDRESS_H

enum { LISTEN_ADDRESS_MAX = 256 };

/* The text with "localhost" as the loopback address: "127.0.0.1:7080" for "localhost:7080". Other texts stay as they are,
 * cut at the end of `out`. */
void listen_address(char out[LISTEN_ADDRESS_MAX], const char *text);

#endif
