#include "base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

enum { NEEDED = 8 };

/* -1, with errno. Those of the standard streams are inherited by other programs, as ever. */
static int open_one(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd >= 0 && fd <= STDERR_FILENO) {
        (void)fcntl(fd, F_SETFD, 0);
    }
    return fd;
}

qvt_status descriptors_prepare(void)
{
    int held[NEEDED];
    int count = 0;
    bool is_out = false;
    while (count < NEEDED) {
        int fd = open_one();
        if (fd < 0) {
            is_out = errno == EMFILE || errno == ENFILE;
            break;
        }
        if (fd > STDERR_FILENO) {
            held[count++] = fd;
        }
    }
    for (int i = 0; i < count; i++) {
        (void)close(held[i]);
    }
    return is_out ? QVT_UNAVAILABLE : QVT_OK;
}
