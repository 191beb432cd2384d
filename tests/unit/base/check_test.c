#include "base/check.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "tests/support/suite.h"

static void fail_in_child(int error_output)
{
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)signal(SIGABRT, SIG_DFL);
    (void)dup2(error_output, STDERR_FILENO);
    QVT_ASSERT(1 + 1 == 3);
    _exit(0);
}

static void failed_assertion_ends_the_process_and_says_where(void)
{
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        fail_in_child(ends[1]);
    }
    (void)close(ends[1]);
    char text[512] = "";
    size_t len = 0;
    ssize_t got = 0;
    while ((got = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0) {
        len += (size_t)got;
    }
    (void)close(ends[0]);
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "check_test.c"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "1 + 1 == 3"));
}

static qvt_status try_twice(qvt_status first, bool *reached)
{
    QVT_TRY(first);
    *reached = true;
    return QVT_OK;
}

static void try_returns_the_first_status_that_is_not_ok(void)
{
    bool reached = false;
    CU_ASSERT_EQUAL(try_twice(QVT_NOT_FOUND, &reached), QVT_NOT_FOUND);
    CU_ASSERT_FALSE(reached);
    CU_ASSERT_EQUAL(try_twice(QVT_OK, &reached), QVT_OK);
    CU_ASSERT_TRUE(reached);
}

SUITE_MAIN("base/check", SUITE_CASE(failed_assertion_ends_the_process_and_says_where),
           SUITE_CASE(try_returns_the_first_status_that_is_not_ok))
