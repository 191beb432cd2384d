/* A stock gRPC server, Debian's python3-grpcio, in a process of its own: grpcio_server.py. One at a time. */
#ifndef QVT_TESTS_RPC_CALL_STOCK_SERVER_H
#define QVT_TESTS_RPC_CALL_STOCK_SERVER_H

/* Starts it and waits until it serves. Ends the process when that fails. */
void stock_server_start(void);

/* Ends it; it must end well. */
void stock_server_stop(void);

/* "127.0.0.1:PORT". */
const char *stock_server_endpoint(void);

#endif
