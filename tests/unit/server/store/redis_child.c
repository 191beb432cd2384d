#include "tests/unit/server/store/redis_child.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

static pid_t child;
static int port;
static redisContext *context;

/* Nobody else is given it while this process lives: the socket stays bound, and lets redis-server in beside it (SO_REUSEADDR). */
static int free_port(void)
{
    const int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    QVT_ASSERT(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
    QVT_ASSERT(bind(fd, (struct sockaddr *)&address, len) == 0);
    QVT_ASSERT(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    return ntohs(address.sin_port);
}

static void end_child(void)
{
    redisFree(context);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

static void become_redis(int out)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%d", port);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(out, STDOUT_FILENO);
    (void)execlp("redis-server", "redis-server", "--port", number, "--bind", "127.0.0.1", "--save", "", "--appendonly",
                 "no", (char *)NULL);
    _exit(127);
}

/* Its log says when it listens; the rest of it goes nowhere. */
static void wait_until_ready(int in)
{
    char line[512];
    FILE *log = fdopen(in, "r");
    QVT_ASSERT(log != NULL);
    do {
        if (fgets(line, sizeof line, log) == NULL) {
            (void)fprintf(stderr, "redis-server does not start; is it installed?\n");
            abort();
        }
    } while (strstr(line, "Ready to accept connections") == NULL);
}

static void start(void)
{
    int ends[2];
    QVT_ASSERT(pipe(ends) == 0);
    port = free_port();
    child = fork();
    QVT_ASSERT(child >= 0);
    if (child == 0) {
        become_redis(ends[1]);
    }
    (void)close(ends[1]);
    wait_until_ready(ends[0]);
    context = redisConnect("127.0.0.1", port);
    QVT_ASSERT(context != NULL && context->err == 0);
    (void)atexit(end_child);
}

const char *redis_child_ask(const char *word, ...)
{
    static char text[4096];
    const char *words[16] = {word};
    int count = 1;
    va_list more;
    va_start(more, word);
    while (count < 16 && (words[count] = va_arg(more, const char *)) != NULL) {
        count++;
    }
    va_end(more);
    redisReply *reply = redisCommandArgv(context, count, words, NULL);
    QVT_ASSERT(reply != NULL);
    if (reply->type == REDIS_REPLY_INTEGER) {
        (void)snprintf(text, sizeof text, "%lld", reply->integer);
    } else {
        (void)snprintf(text, sizeof text, "%s", reply->str == NULL ? "" : reply->str);
    }
    freeReplyObject(reply);
    return text;
}

int redis_child_fresh(void)
{
    if (child == 0) {
        start();
    }
    (void)redis_child_ask("FLUSHALL", NULL);
    return port;
}
