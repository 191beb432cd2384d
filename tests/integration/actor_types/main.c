/* Prints the declared actor types; with an argument, also with that module loaded, and after it was unloaded. */
#include <dlfcn.h>
#include <stdio.h>

#include "qvt/actor_type.h"

static int show(void)
{
    qvt_declared_types *types;
    qvt_error error;
    if (qvt_declared_types_new(&types, &error) != QVT_OK) {
        printf("%s\n", error.message);
        return 1;
    }
    const qvt_actor_version *versions = qvt_declared_types_versions(types);
    for (size_t i = 0; i < qvt_declared_types_count(types); i++) {
        printf("%s=%s/%s/%s", versions[i].actor_type, versions[i].version, versions[i].assembly_name,
               versions[i].build_id);
        if (versions[i].has_contract_fingerprint) {
            printf("/%llx", (unsigned long long)versions[i].contract_fingerprint);
        }
        if (versions[i].has_state_schema) {
            printf("/%u-%u>%u", (unsigned)versions[i].reads_min, (unsigned)versions[i].reads_max,
                   (unsigned)versions[i].writes);
        }
        printf(" ");
    }
    printf("\n");
    qvt_declared_types_free(types);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = show();
    if (argc > 1) {
        void *module = dlopen(argv[1], RTLD_NOW);
        if (module == NULL) {
            printf("%s\n", dlerror());
            return 1;
        }
        failed |= show();
        dlclose(module);
        failed |= show();
    }
    return failed;
}
