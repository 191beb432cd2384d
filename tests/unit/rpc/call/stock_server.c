#include "tests/unit/rpc/call/stock_server.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

extern char **environ;

/* The stock server in a process of its own; it ends with its stdin. */
struct stock {
    pid_t pid;
    int input;
    char endpoint[32];
};

static struct stock stock;

static void read_port(int output)
{
    char text[16] = "";
    size_t len = 0;
    while (len + 1 < sizeof(text) && strchr(text, '\n') == NULL) {
        ssize_t count = read(output, text + len, sizeof(text) - 1 - len);
        QVT_ASSERT(count > 0);
        len += (size_t)count;
    }
    (void)snprintf(stock.endpoint, sizeof(stock.endpoint), "127.0.0.1:%ld", strtol(text, NULL, 10));
}

void stock_server_start(void)
{
    int input[2];
    int output[2];
    char python[] = "/usr/bin/python3";
    char script[] = "tests/unit/rpc/call/grpcio_server.py";
    char *const arguments[] = {python, script, NULL};
    posix_spawn_file_actions_t actions;
    QVT_ASSERT(pipe(input) == 0 && pipe(output) == 0);
    QVT_ASSERT(posix_spawn_file_actions_init(&actions) == 0);
    QVT_ASSERT(posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO) == 0);
    QVT_ASSERT(posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO) == 0);
    QVT_ASSERT(posix_spawn_file_actions_addclose(&actions, input[1]) == 0);
    QVT_ASSERT(posix_spawn_file_actions_addclose(&actions, output[0]) == 0);
    QVT_ASSERT(posix_spawn(&stock.pid, python, &actions, NULL, arguments, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    stock.input = input[1];
    read_port(output[0]);
    close(output[0]);
}

void stock_server_stop(void)
{
    int status = 0;
    close(stock.input);
    QVT_ASSERT(waitpid(stock.pid, &status, 0) == stock.pid && status == 0);
}

const char *stock_server_endpoint(void)
{
    return stock.endpoint;
}
