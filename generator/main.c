/* protoc-gen-qvt: reads a CodeGeneratorRequest from stdin, writes a CodeGeneratorResponse to stdout.
 *
 *   protoc --qvt_out=DIR [--qvt_opt=emit=KIND+KIND…,openapi=FILE,reference=FILE] FILE.proto…
 *
 * Faults of the input go to stderr as `file:line: error: …`, exit status 1. */
#include <stdio.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "generator/generate.h"
#include "generator/request.h"

static bool read_all(struct buf *in)
{
    for (;;) {
        if (buf_reserve(in, 65536) != QVT_OK) {
            return false;
        }
        size_t got = fread(in->data + in->len, 1, in->cap - in->len, stdin);
        in->len += got;
        if (got == 0) {
            return ferror(stdin) == 0;
        }
    }
}

/* Whoever runs it by hand gets an answer instead of a program that waits for a request. */
static int explain(const char *word)
{
    bool asked = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
    fputs("usage: protoc --qvt_out=DIR [--qvt_opt=emit=KIND+KIND,openapi=FILE,reference=FILE] FILE.proto...\n"
          "KIND: methods, server, client, descriptor, contract (these five by default), json\n"
          "protoc-gen-qvt is a plugin of protoc: a request comes on stdin, there are no arguments.\n",
          asked ? stdout : stderr);
    return asked ? 0 : 2;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return explain(argv[1]);
    }
    struct buf in = BUF_INIT;
    struct buf out = BUF_INIT;
    if (!read_all(&in)) {
        fputs("protoc-gen-qvt: stdin cannot be read\n", stderr);
        return 1;
    }
    request_message *request = request_read(buf_slice(&in));
    bool done = request != NULL && generate(&out, request) && fwrite(out.data, 1, out.len, stdout) == out.len &&
                fflush(stdout) == 0;
    request_free(request);
    buf_deinit(&in);
    buf_deinit(&out);
    return done ? 0 : 1;
}
