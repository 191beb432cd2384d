/* Preloaded into a redis-server, it steps the time of day: by the microseconds in the file that QVT_CLOCK_STEP names, a
 * 64-bit number that the test rewrites while Redis runs. Other clocks, which no one can step, stay as they are. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

long syscall(long number, ...);

static const volatile int64_t *step_us;

__attribute__((constructor)) static void find_step(void)
{
    const char *path = getenv("QVT_CLOCK_STEP");
    int file = path == NULL ? -1 : open(path, O_RDONLY);
    if (file >= 0) {
        void *mapped = mmap(NULL, sizeof *step_us, PROT_READ, MAP_SHARED, file, 0);
        step_us = mapped == MAP_FAILED ? NULL : mapped;
        (void)close(file);
    }
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (syscall(SYS_clock_gettime, clock, out) != 0) {
        return -1;
    }
    if (step_us != NULL && (clock == CLOCK_REALTIME || clock == 5 /* CLOCK_REALTIME_COARSE */)) {
        int64_t us = (int64_t)out->tv_sec * 1000000 + out->tv_nsec / 1000 + *step_us;
        out->tv_sec = us / 1000000;
        out->tv_nsec = us % 1000000 * 1000;
    }
    return 0;
}

int gettimeofday(struct timeval *out, void *zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return -1;
    }
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return -1;
    }
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}
