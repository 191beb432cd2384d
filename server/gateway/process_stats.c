#include "server/gateway/process_stats.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    US_A_SECOND = 1000000,
    NAME_FIELD = 2,
    CPU_USER = 14,
    CPU_SYSTEM = 15,
    STARTED = 22,
    VIRTUAL = 23,
    RESIDENT = 24
};

static size_t read_file(const char *path, char *out, size_t cap)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    size_t len = fread(out, 1, cap - 1, file);
    fclose(file);
    out[len] = '\0';
    return len;
}

/* Field `number` of /proc/self/stat, counted from 1; the second one, the name, may hold spaces. */
static uint64_t field_of(const char *stat, int number)
{
    const char *at = strrchr(stat, ')');
    for (int field = NAME_FIELD; at != NULL && field < number; field++) {
        at = strchr(at + 1, ' ');
    }
    return at == NULL ? 0 : strtoull(at + 1, NULL, 10);
}

static uint64_t ticks_to_us(uint64_t ticks)
{
    long hertz = sysconf(_SC_CLK_TCK);
    return hertz <= 0 ? 0 : ticks * US_A_SECOND / (uint64_t)hertz;
}

/* When the kernel started, wall clock in seconds; what comes before is longer on machines with many interrupts. */
static uint64_t boot_time_s(void)
{
    char line[256];
    uint64_t seconds = 0;
    FILE *file = fopen("/proc/stat", "r");
    while (file != NULL && seconds == 0 && fgets(line, sizeof(line), file) != NULL) {
        seconds = strncmp(line, "btime ", 6) == 0 ? strtoull(line + 6, NULL, 10) : 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return seconds;
}

static uint64_t count_fds(void)
{
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return 0;
    }
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count < 3 ? 0 : count - 3; /* ".", ".." and the folder itself */
}

void process_stats_read(struct process_stats *out)
{
    char stat[1024];
    struct rlimit limit;
    *out = (struct process_stats){.open_fds = count_fds()};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        out->max_fds = limit.rlim_cur;
    }
    if (read_file("/proc/self/stat", stat, sizeof(stat)) == 0) {
        return;
    }
    out->cpu_us = ticks_to_us(field_of(stat, CPU_USER) + field_of(stat, CPU_SYSTEM));
    out->virtual_bytes = field_of(stat, VIRTUAL);
    out->resident_bytes = field_of(stat, RESIDENT) * (uint64_t)sysconf(_SC_PAGESIZE);
    out->started_us = boot_time_s() * US_A_SECOND + ticks_to_us(field_of(stat, STARTED));
}
