/* Threads that find while the cluster changes a thousand times a second, in a sandbox that traps every system call, with
 * their allocations counted (SPEC §9.2). $QVT_ENDPOINTS says where the tracker is. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "qvt/qvt.h"
#include "tests/support/suite.h"

enum { READERS = 8, HOSTS = 3, CHANGES = 2000, CHANGES_A_SECOND = 1000, CHANGES_MAX = 100000, FINDS_MIN = 10000 };

#define TYPE "Quiet"

/* Of the thread at hand, while it finds. */
static _Thread_local bool is_counting;
static _Thread_local unsigned allocations;
static _Thread_local volatile unsigned system_calls;
static _Thread_local volatile int last_system_call;

/* --- allocations */

static void count_allocation(void)
{
    if (is_counting) {
        allocations++;
    }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                                     void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *memory, size_t size)
{
    (void)memory;
    (void)size;
    count_allocation();
}

static void on_free(const volatile void *memory)
{
    (void)memory;
}

static bool watch_allocations(void)
{
    return __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0;
}
#else
#define SEEN_BY_LIBRARIES __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

SEEN_BY_LIBRARIES void *malloc(size_t size)
{
    count_allocation();
    return __libc_malloc(size);
}

SEEN_BY_LIBRARIES void *calloc(size_t count, size_t size)
{
    count_allocation();
    return __libc_calloc(count, size);
}

SEEN_BY_LIBRARIES void *realloc(void *memory, size_t size)
{
    count_allocation();
    return __libc_realloc(memory, size);
}

static bool watch_allocations(void)
{
    return true;
}
#endif

/* --- system calls */

static void on_trap(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    if (is_counting) {
        system_calls++;
        last_system_call = info->si_syscall;
    }
}

#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* From now on this thread may end, and nothing else: every other call does nothing, and is told to on_trap. */
static bool lock_up(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(exit),
        ALLOW(exit_group),
        ALLOW(rt_sigreturn),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    const struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

static void watch_system_calls(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_trap;
    action.sa_flags = SA_SIGINFO;
    CU_ASSERT_EQUAL_FATAL(sigaction(SIGSYS, &action, NULL), 0);
}

/* --- readers */

static qvt_client *finder, *hosts[HOSTS];
static atomic_bool is_over;
static atomic_uint ready;

struct reader {
    pthread_t thread;
    atomic_ulong finds;
    unsigned long wrong;
    unsigned control_allocations, control_calls; /* what one of each was counted as */
    unsigned allocations, system_calls;
    int last_system_call;
    bool is_locked_up;
};

static bool find(void)
{
    static const qvt_find_request question = {.size = sizeof(qvt_find_request), .actor_type = TYPE, .version = "2.1.0"};
    qvt_find_result *result;
    if (qvt_client_find(&result, finder, &question, NULL) != QVT_OK) {
        return false;
    }
    bool is_right = qvt_find_result_count(result) == HOSTS;
    qvt_find_result_free(result);
    return is_right;
}

/* An allocator that has some memory for this thread asks the system for none. */
static void fill_allocator(void)
{
    for (unsigned i = 0; i < 64; i++) {
        void *volatile memory = malloc(1);
        free(memory);
    }
}

/* That counting works, in this thread and now. */
static void control(struct reader *reader)
{
    is_counting = true;
    void *volatile memory = malloc(1);
    (void)syscall(SYS_getppid);
    is_counting = false;
    free(memory);
    reader->control_allocations = allocations;
    reader->control_calls = system_calls;
    allocations = 0;
    system_calls = 0;
}

static void *read_on(void *data)
{
    struct reader *reader = data;
    /* They never rest: what feeds them goes first. Linux keeps the nice value of each thread (sched(7)). */
    reader->wrong = setpriority(PRIO_PROCESS, 0, 19) == 0 ? 0 : 1;
    for (unsigned i = 0; i < 100; i++) {
        reader->wrong += find() ? 0 : 1;
    }
    fill_allocator();
    reader->is_locked_up = lock_up();
    control(reader);
    atomic_fetch_add(&ready, 1);
    is_counting = true;
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        reader->wrong += find() ? 0 : 1;
        atomic_fetch_add_explicit(&reader->finds, 1, memory_order_relaxed);
    }
    is_counting = false;
    reader->allocations = allocations;
    reader->system_calls = system_calls;
    reader->last_system_call = last_system_call;
    /* Not by returning: libc and the runtimes of sanitizers give a thread's memory back, for which they ask the system. */
    (void)syscall(SYS_exit, 0);
    return NULL;
}

/* --- changes */

static qvt_client *connect_to_tracker(void)
{
    qvt_client *client = NULL;
    qvt_client_options options = QVT_CLIENT_OPTIONS_INIT;
    CU_ASSERT_EQUAL_FATAL(qvt_client_new(&client, &options, NULL), QVT_OK);
    return client;
}

static void register_host(unsigned number)
{
    char id[16];
    const qvt_actor_version version = {.actor_type = TYPE, .version = "2.1.0"};
    qvt_silo_options silo = QVT_SILO_OPTIONS_INIT;
    snprintf(id, sizeof id, "silo-%u", number);
    silo.silo_id = id;
    silo.address = "10.0.0.1";
    silo.port = 11111;
    silo.versions = &version;
    silo.version_count = 1;
    hosts[number] = connect_to_tracker();
    CU_ASSERT_EQUAL_FATAL(qvt_client_register(hosts[number], &silo, NULL), QVT_OK);
}

static void on_set(void *data, const qvt_error *error)
{
    atomic_fetch_add((atomic_uint *)data, error->status == QVT_OK ? 1 : CHANGES_MAX);
}

/* Between two changes. The question stays one that is asked: on a machine that is busy with something else the readers may
 * stand still for so long that it would be forgotten, and who is locked up cannot ask the tracker. */
static void pause_and_find(void)
{
    nanosleep(&(struct timespec){0, 1000000000 / CHANGES_A_SECOND}, NULL);
    CU_ASSERT_TRUE(find());
}

static bool have_all_found(struct reader readers[READERS])
{
    bool have = true;
    for (unsigned i = 0; i < READERS; i++) {
        have = have && atomic_load(&readers[i].finds) >= FINDS_MIN;
    }
    return have;
}

/* The number of changes. */
static unsigned change_all_the_time(struct reader readers[READERS])
{
    atomic_uint done = 0;
    unsigned i = 0;
    for (; i < CHANGES || (i < CHANGES_MAX && !have_all_found(readers)); i++) {
        char build[16];
        snprintf(build, sizeof build, "%u", i);
        const qvt_actor_version version = {.actor_type = TYPE, .version = "2.1.0", .build_id = build};
        CU_ASSERT_EQUAL_FATAL(qvt_client_set_versions_async(hosts[i % HOSTS], &version, 1, NULL, on_set, &done),
                              QVT_OK);
        pause_and_find();
    }
    while (atomic_load(&done) < i) {
        pause_and_find();
    }
    CU_ASSERT_EQUAL(atomic_load(&done), i);
    return i;
}

static void judge(const struct reader *reader)
{
    CU_ASSERT_TRUE(reader->is_locked_up);
    CU_ASSERT(reader->control_allocations == 1 && reader->control_calls == 1);
    CU_ASSERT(reader->finds >= FINDS_MIN);
    CU_ASSERT_EQUAL(reader->wrong, 0);
    CU_ASSERT_EQUAL(reader->allocations, 0);
    CU_ASSERT_EQUAL(reader->system_calls, 0);
    if (reader->system_calls > 0) {
        printf("\n    system call %d, last of %u  ", reader->last_system_call, reader->system_calls);
    }
}

static void finds_allocate_nothing_and_call_no_system(void)
{
    static struct reader readers[READERS];
    unsigned long finds = 0;
    watch_system_calls();
    CU_ASSERT_TRUE_FATAL(watch_allocations());
    finder = connect_to_tracker();
    for (unsigned i = 0; i < HOSTS; i++) {
        register_host(i);
    }
    while (!find()) {}
    for (unsigned i = 0; i < READERS; i++) {
        CU_ASSERT_EQUAL_FATAL(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
    }
    while (atomic_load(&ready) < READERS) {
        pause_and_find();
    }
    unsigned changes = change_all_the_time(readers);
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(readers[i].thread, NULL);
        finds += atomic_load(&readers[i].finds);
        judge(&readers[i]);
    }
    printf("\n    %lu finds during %u changes  ", finds, changes);
    for (unsigned i = 0; i < HOSTS; i++) {
        qvt_client_free(hosts[i]);
    }
    qvt_client_free(finder);
}

SUITE_MAIN("libqvt/quiet", SUITE_CASE(finds_allocate_nothing_and_call_no_system))
