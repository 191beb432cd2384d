#include "server/app/open_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "server/app/state_dir.h"
#include "server/store/memory.h"
#include "server/store/sqlite.h"

enum { PATH_CAP = 4096 };

static qvt_status open_memory(struct store **out, qvt_error *error)
{
    if (store_memory_new(out, clock_system()) != QVT_OK) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    return QVT_OK;
}

qvt_status open_store(struct store **out, uv_loop_t *loop, const char *name, qvt_error *error)
{
    static const char SQLITE[] = "sqlite:";
    char path[PATH_CAP];
    if (strcmp(name, "memory") == 0) {
        return open_memory(out, error);
    }
    if (name[0] == '\0') {
        QVT_TRY(state_dir_database(path, sizeof(path), getenv, error));
        return store_sqlite_new(out, loop, path, clock_system(), error);
    }
    if (strncmp(name, SQLITE, sizeof(SQLITE) - 1) == 0 && name[sizeof(SQLITE) - 1] != '\0') {
        return store_sqlite_new(out, loop, name + sizeof(SQLITE) - 1, clock_system(), error);
    }
    return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "--store: \"%s\" is neither memory nor sqlite:PATH", name);
}
