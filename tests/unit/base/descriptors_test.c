#include "base/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

/* What is closed is so in a child only. */
static int in_a_child(int (*run)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        _exit(run());
    }
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int close_and_prepare(void)
{
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(STDIN_FILENO);
    close(STDERR_FILENO);
    close(next);
    bool prepared = descriptors_prepare() == QVT_OK;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        prepared = prepared && fcntl(fd, F_GETFD) == 0;
    }
    return prepared && open("/dev/null", O_RDONLY | O_CLOEXEC) == next ? 0 : 1;
}

static void closed_standard_streams_are_opened_and_nothing_else(void)
{
    CU_ASSERT_EQUAL(in_a_child(close_and_prepare), 0);
}

static int prepare_with_few(void)
{
    struct rlimit few = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    if (getrlimit(RLIMIT_NOFILE, &few) != 0) {
        return 1;
    }
    few.rlim_cur = (rlim_t)open("/dev/null", O_RDONLY | O_CLOEXEC) + 3;
    return setrlimit(RLIMIT_NOFILE, &few) == 0 && descriptors_prepare() == QVT_UNAVAILABLE ? 0 : 1;
}

static void too_few_are_unavailable(void)
{
    CU_ASSERT_EQUAL(in_a_child(prepare_with_few), 0);
}

SUITE_MAIN("base/descriptors", SUITE_CASE(closed_standard_streams_are_opened_and_nothing_else),
           SUITE_CASE(too_few_are_unavailable))
