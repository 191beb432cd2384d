/* What a command says when it cannot do what it should. */
#ifndef QVT_CLI_REPORT_H
#define QVT_CLI_REPORT_H

#include "qvt/error.h"
#include "cli/command.h"

/* Prints one line on stderr, code, reason, message and field, and returns the exit code for it. */
enum exit_code report_error(const qvt_error *error);

/* As report_error for a session that could not be opened: wrong endpoints are wrong usage. */
enum exit_code report_not_opened(const qvt_error *error);

/* As report_error for a flag or argument that is wrong before anything is sent. */
enum exit_code report_usage(const char *format, ...) QVT_PRINTF(1, 2);

/* Out of memory: one line on stderr. */
enum exit_code report_no_memory(void);

#endif
