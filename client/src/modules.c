#include "client/src/modules.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "qvt/actor_type.h"
#include "base/check.h"
#include "client/src/version_set.h"

typedef const qvt_actor_declaration *const *entry_list;

/* One program or shared library. */
struct module {
    struct module *next;
    entry_list first, last;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct module *modules;
static struct list listeners = {&listeners, &listeners};

struct qvt_declared_types {
    struct version_set *set;
};

static struct module **find(entry_list first)
{
    struct module **link = &modules;
    while (*link != NULL && (*link)->first != first) {
        link = &(*link)->next;
    }
    return link;
}

static void tell(void)
{
    struct list *next;
    for (struct list *node = listeners.next; node != &listeners; node = next) {
        struct module_listener *listener = LIST_ENTRY(node, struct module_listener, node);
        next = node->next;
        listener->on_change(listener);
    }
}

/* Every declaration of a module calls: the first counts. Without memory a constructor can only give up. */
void qvt_module_add(entry_list first, entry_list last)
{
    if (first == NULL || first == last) {
        return;
    }
    pthread_mutex_lock(&lock);
    struct module **end = find(first);
    if (*end == NULL) {
        struct module *module = malloc(sizeof *module);
        QVT_ASSERT(module != NULL);
        *module = (struct module){NULL, first, last};
        *end = module;
        tell();
    }
    pthread_mutex_unlock(&lock);
}

void qvt_module_del(entry_list first)
{
    pthread_mutex_lock(&lock);
    struct module **link = first == NULL ? NULL : find(first);
    if (link != NULL && *link != NULL) {
        struct module *module = *link;
        *link = module->next;
        free(module);
        tell();
    }
    pthread_mutex_unlock(&lock);
}

void modules_listen(struct module_listener *listener)
{
    pthread_mutex_lock(&lock);
    list_push_back(&listeners, &listener->node);
    pthread_mutex_unlock(&lock);
}

void modules_forget(struct module_listener *listener)
{
    pthread_mutex_lock(&lock);
    list_remove(&listener->node);
    pthread_mutex_unlock(&lock);
}

static qvt_actor_version as_version(const qvt_actor_declaration *declared)
{
    return (qvt_actor_version){
        .actor_type = declared->actor_type,
        .version = declared->version,
        .assembly_name = declared->assembly_name,
        .build_id = declared->build_id,
        .has_contract_fingerprint = declared->contract_fingerprint != 0,
        .contract_fingerprint = declared->contract_fingerprint,
        .has_state_schema = declared->has_state_schema != 0,
        .reads_min = declared->reads_min,
        .reads_max = declared->reads_max,
        .writes = declared->writes,
    };
}

/* Linkers and compilers leave the entries in no particular order, and may leave gaps of zeros between them. */
static size_t collect(qvt_actor_version *out)
{
    size_t count = 0;
    for (const struct module *module = modules; module != NULL; module = module->next) {
        for (entry_list entry = module->first; entry != module->last; entry++) {
            if (*entry != NULL && out != NULL) {
                out[count] = as_version(*entry);
            }
            count += *entry != NULL;
        }
    }
    return count;
}

static int by_type(const void *left, const void *right)
{
    const qvt_actor_version *a = left, *b = right;
    return strcmp(a->actor_type, b->actor_type);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same(const qvt_actor_version *a, const qvt_actor_version *b)
{
    return is_same_text(a->version, b->version) && is_same_text(a->assembly_name, b->assembly_name) &&
           a->contract_fingerprint == b->contract_fingerprint && a->has_state_schema == b->has_state_schema &&
           a->reads_min == b->reads_min && a->reads_max == b->reads_max && a->writes == b->writes;
}

/* Sorts, and drops what is said twice. */
static qvt_status merge(qvt_actor_version *versions, size_t *count, qvt_error *error)
{
    size_t kept = 0;
    qsort(versions, *count, sizeof *versions, by_type);
    for (size_t i = 0; i < *count; i++) {
        const qvt_actor_version *before = kept > 0 ? &versions[kept - 1] : NULL;
        if (before == NULL || strcmp(before->actor_type, versions[i].actor_type) != 0) {
            versions[kept++] = versions[i];
        } else if (!is_same(before, &versions[i])) {
            return qvt_error_set(error, QVT_ALREADY_EXISTS, "DECLARED_TWICE",
                                 "actor type \"%s\" is declared at %s by %s and at %s by %s", before->actor_type,
                                 before->version, before->assembly_name != NULL ? before->assembly_name : "one module",
                                 versions[i].version,
                                 versions[i].assembly_name != NULL ? versions[i].assembly_name : "another");
        }
    }
    *count = kept;
    return QVT_OK;
}

/* Under the lock: the texts are the modules'. */
static qvt_status copy_all(struct version_set **out, qvt_error *error)
{
    size_t count = collect(NULL);
    qvt_actor_version *versions = calloc(count + 1, sizeof *versions);
    if (versions == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for the declared actor types");
    }
    (void)collect(versions);
    qvt_status status = merge(versions, &count, error);
    if (status == QVT_OK) {
        status = version_set_new(out, versions, count);
        if (status != QVT_OK) {
            qvt_error_set(error, status, NULL, "no memory for the declared actor types");
        }
    }
    free(versions);
    return status;
}

qvt_status qvt_declared_types_new(qvt_declared_types **out, qvt_error *error)
{
    if (error != NULL) {
        qvt_error_clear(error);
    }
    qvt_declared_types *types = calloc(1, sizeof *types);
    if (types == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "no memory for the declared actor types");
    }
    pthread_mutex_lock(&lock);
    qvt_status status = copy_all(&types->set, error);
    pthread_mutex_unlock(&lock);
    if (status != QVT_OK) {
        free(types);
        return status;
    }
    *out = types;
    return QVT_OK;
}

size_t qvt_declared_types_count(const qvt_declared_types *types)
{
    return types->set->count;
}

const qvt_actor_version *qvt_declared_types_versions(const qvt_declared_types *types)
{
    return types->set->versions;
}

void qvt_declared_types_free(qvt_declared_types *types)
{
    if (types != NULL) {
        version_set_free(types->set);
        free(types);
    }
}
