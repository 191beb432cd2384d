/* Who wants to know that a module with actor types was loaded or unloaded. */
#ifndef QVT_CLIENT_MODULES_H
#define QVT_CLIENT_MODULES_H

#include "base/list.h"

/* Embedded in what listens. on_change runs on the thread that loads or unloads, under the modules' lock: it must only
 * pass the news on. */
struct module_listener {
    struct list node;
    void (*on_change)(struct module_listener *listener);
};

/* Any thread. After modules_forget on_change runs no more. */
void modules_listen(struct module_listener *listener);
void modules_forget(struct module_listener *listener);

#endif
