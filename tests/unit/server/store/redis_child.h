/* A redis-server of this test process, on a free port of loopback; it ends with the process. */
#ifndef QVT_TESTS_UNIT_SERVER_STORE_REDIS_CHILD_H
#define QVT_TESTS_UNIT_SERVER_STORE_REDIS_CHILD_H

/* Starts it when it does not run yet, and empties it. Returns its port. */
int redis_child_fresh(void);

/* One command of words, such as "HGET", "key", "field", NULL; the answer as text, "" for none. Static memory. */
const char *redis_child_ask(const char *word, ...);

#endif
