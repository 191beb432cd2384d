/* The coarse clock of a kernel of 1000 ticks a second, for the whole process: libuv takes it for the loop's time where its
 * steps are 1 ms, and it is behind the exact one. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define COARSE 6 /* CLOCK_MONOTONIC_COARSE */
#define STEP_NS 1000000L
#define SECOND_NS 1000000000LL

long syscall(long number, ...);

__attribute__((visibility("default"))) int clock_getres(clockid_t clock, struct timespec *out)
{
    long status = syscall(SYS_clock_getres, clock, out);
    if (status == 0 && clock == COARSE && out != NULL) {
        *out = (struct timespec){.tv_nsec = STEP_NS};
    }
    return (int)status;
}

/* As far behind as it can be. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *out)
{
    long status = syscall(SYS_clock_gettime, clock == COARSE ? CLOCK_MONOTONIC : clock, out);
    if (status == 0 && clock == COARSE) {
        long long steps = (out->tv_sec * SECOND_NS + out->tv_nsec) / STEP_NS - 1;
        out->tv_sec = steps * STEP_NS / SECOND_NS;
        out->tv_nsec = steps * STEP_NS % SECOND_NS;
    }
    return (int)status;
}
