/* qvtctl token new */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "base/check.h"
#include "cli/command.h"
#include "json/writer.h"
#include "server/identity/credentials.h"

enum { LINE_MAX_BYTES = 8192 };

struct options {
    char *name;
    char *role;
    char *silos;
};

static size_t own_flags(void *data, struct flag *out)
{
    struct options *options = data;
    out[0] = (struct flag){"--name", NULL, "NAME", "whom changes are signed with", FLAG_TEXT, &options->name, 0};
    out[1] = (struct flag){"--role", NULL, "ROLE", "reader, silo or admin", FLAG_TEXT, &options->role, 0};
    out[2] = (struct flag){
        "--silos",       NULL, "PATTERNS", "which silos it may be: orders-*; several with commas", FLAG_TEXT,
        &options->silos, 0};
    return 3;
}

static bool write_line(char out[LINE_MAX_BYTES], const struct settings *settings, const struct options *options,
                       const struct token_record *record)
{
    char text[TOKEN_RECORD_LEN + 1];
    token_record_format(text, record);
    const char *cluster = settings->cluster[0] == '\0' ? "default" : settings->cluster;
    const char *silos = options->silos;
    int len = snprintf(out, LINE_MAX_BYTES, "%s %s clusters=%s%s%s token=%s", options->name, options->role, cluster,
                       silos == NULL ? "" : " silos=", silos == NULL ? "" : silos, text);
    return len < LINE_MAX_BYTES;
}

/* The server's own parser decides whether the line is one, and only one: nothing is printed that it would refuse. */
static qvt_status check_line(const char *line, const struct options *options, qvt_error *error)
{
    struct credentials *credentials = NULL;
    char *text = strdup(line);
    if (text == NULL) {
        return qvt_error_set(error, QVT_NO_MEMORY, NULL, "out of memory");
    }
    if (strpbrk(line, "\n#") != NULL || strchr(options->name, ' ') != NULL) {
        free(text);
        return qvt_error_set(error, QVT_INVALID_ARGUMENT, NULL, "names and lists are without blanks, # and line ends");
    }
    QVT_TRY(credentials_parse(&credentials, "the line", text, strlen(text), error));
    credentials_free(credentials);
    return QVT_OK;
}

static void print_json(const char *token, const char *line)
{
    struct json_writer writer;
    struct buf out = BUF_INIT;
    json_writer_init(&writer, &out);
    json_writer_begin_object(&writer);
    json_writer_name(&writer, "\"token\"");
    json_writer_string(&writer, token);
    json_writer_name(&writer, "\"line\"");
    json_writer_string(&writer, line);
    json_writer_end_object(&writer);
    QVT_ASSERT(writer.status == QVT_OK);
    printf("%.*s\n", (int)out.len, (const char *)out.data);
    buf_deinit(&out);
}

static void print(const struct settings *settings, const struct token *token, const char *line)
{
    char text[TOKEN_TEXT_LEN + 1];
    token_format(text, token);
    if (settings->json) {
        print_json(text, line);
    } else {
        printf("token %s\nline  %s\n", text, line);
    }
    gnutls_memset(text, 0, sizeof(text));
}

static enum exit_code run(const struct settings *settings, const struct arguments *arguments, void *data)
{
    struct options *options = data;
    struct token token;
    struct token_record record;
    char line[LINE_MAX_BYTES];
    qvt_error error;
    (void)arguments;
    if (options->name == NULL || options->role == NULL) {
        fputs("qvtctl: --name and --role are needed (qvtctl token new --help)\n", stderr);
        return EXIT_USAGE;
    }
    token_make(&token, entropy_system());
    if (token_record_make(&record, &token, entropy_system()) != QVT_OK) {
        fputs("qvtctl: the token cannot be hashed\n", stderr);
        return EXIT_REFUSED;
    }
    if (!write_line(line, settings, options, &record)) {
        fputs("qvtctl: the line is too long\n", stderr);
        return EXIT_USAGE;
    }
    if (check_line(line, options, &error) != QVT_OK) {
        fprintf(stderr, "qvtctl: %s\n", error.message);
        return EXIT_USAGE;
    }
    print(settings, &token, line);
    token_wipe(&token);
    return EXIT_DONE;
}

const struct command command_token_new = {
    .words = "token new",
    .arguments = "",
    .summary = "Make a token, and the line of --auth-file for it",
    .details = "Asks no tracker. The token is printed once and kept nowhere; the line holds its salted digest only. "
               "Put the line\n"
               "into the file that qvtd reads with --auth-file and send qvtd a SIGHUP. --cluster names the clusters, "
               "several with\n"
               "commas, '*' for all.\n",
    .min_arguments = 0,
    .max_arguments = 0,
    .options_size = sizeof(struct options),
    .own_flags = own_flags,
    .run = run,
};
