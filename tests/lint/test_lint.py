#!/usr/bin/python3
"""Plants violations in a scratch repository and expects the checks to find exactly those."""

import subprocess
import tempfile
import unittest
from pathlib import Path

import layers
import reasons
import sources

HEADERS = [
    "base/buf.h",
    "base/clock.h",
    "base/log.h",
    "base/include/qvt/status.h",
    "version/semver.h",
    "rpc/include/qvt/rpc/server.h",
    "rpc/wire/frame.h",
    "rpc/http2/session.h",
    "rpc/net/conn.h",
    "rpc/call/call.h",
    "server/registry/state.h",
    "server/store/store.h",
    "server/service/find.h",
    "server/app/app.h",
    "client/include/qvt/client.h",
    "generated/silo.pb-c.h",
    "generated/silo_server.h",
]


class Scratch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        subprocess.run(["git", "init", "-q", folder.name], check=True)
        for header in HEADERS:
            self.write(header, "")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


class Layers(Scratch):
    def expect_fault(self, path, include, words):
        self.write(path, f"\n#include {include}\n")
        faults = layers.check(self.root)
        self.assertEqual(len(faults), 1, faults)
        self.assertTrue(faults[0].startswith(f"{path}:2: "), faults[0])
        self.assertIn(words, faults[0])

    def expect_clean(self, path, *includes):
        self.write(path, "".join(f"#include {include}\n" for include in includes))
        self.assertEqual(layers.check(self.root), [])

    def test_base_includes_libc_only(self):
        self.expect_fault("base/a.c", "<uv.h>", "layer base must not include uv.h")

    def test_base_does_not_include_version(self):
        self.expect_fault("base/a.c", '"version/semver.h"', "layer base must not include version")

    def test_version_does_not_include_rpc(self):
        self.expect_fault("version/a.c", '"rpc/wire/frame.h"', "layer version must not include rpc/wire")

    def test_wire_does_not_include_http2(self):
        self.expect_fault("rpc/wire/a.c", '"rpc/http2/session.h"', "layer rpc/wire must not include rpc/http2")

    def test_http2_does_not_include_the_loop(self):
        self.expect_fault("rpc/http2/a.c", "<uv.h>", "layer rpc/http2 must not include uv.h")

    def test_net_does_not_include_call(self):
        self.expect_fault("rpc/net/a.c", '"rpc/call/call.h"', "layer rpc/net must not include rpc/call")

    def test_rpc_does_not_include_the_server(self):
        self.expect_fault("rpc/call/a.c", '"server/app/app.h"', "layer rpc/call must not include server/app")

    def test_registry_has_no_time(self):
        self.expect_fault("server/registry/a.c", "<time.h>", "server/registry must not include time.h")

    def test_registry_has_no_clock(self):
        self.expect_fault("server/registry/a.c", '"base/clock.h"', "server/registry must not include base/clock.h")

    def test_registry_has_no_log(self):
        self.expect_fault("server/registry/a.c", '"base/log.h"', "server/registry must not include base/log.h")

    def test_registry_sees_messages_only(self):
        self.expect_fault("server/registry/a.c", '"generated/silo_server.h"', "only messages")

    def test_registry_does_not_include_the_store(self):
        self.expect_fault("server/registry/a.c", '"server/store/store.h"', "must not include server/store")

    def test_store_does_not_include_the_service(self):
        self.expect_fault("server/store/a.c", '"server/service/find.h"', "must not include server/service")

    def test_client_does_not_include_the_server(self):
        self.expect_fault("client/src/a.c", '"server/registry/state.h"', "must not include server/registry")

    def test_cli_does_not_include_the_server(self):
        self.expect_fault("cli/a.c", '"server/store/store.h"', "must not include server/store")

    def test_generator_does_not_include_rpc(self):
        self.expect_fault("generator/a.c", '"rpc/call/call.h"', "must not include rpc/call")

    def test_paths_are_rooted(self):
        self.expect_fault("rpc/wire/a.c", '"frame.h"', "is no path from the source root")

    def test_every_folder_has_a_layer(self):
        self.write("server/extra/a.c", "")
        self.assertEqual(layers.check(self.root), ["server/extra/a.c:1: in no layer"])

    def test_arrows_downward_are_clean(self):
        self.expect_clean("server/app/a.c", '"server/service/find.h"', '"rpc/call/call.h"', "<uv.h>", "<time.h>")
        self.expect_clean("server/registry/a.c", '"base/buf.h"', '"qvt/status.h"', '"generated/silo.pb-c.h"')
        self.expect_clean("client/src/a.c", '"qvt/client.h"', '"qvt/rpc/server.h"', '"version/semver.h"')


class Sources(Scratch):
    def test_long_file_is_found(self):
        self.write("base/a.c", "int x;\n" * 501)
        self.assertEqual(sources.check(self.root), ["base/a.c:501: longer than 500 lines"])

    def test_long_test_is_allowed(self):
        self.write("tests/unit/a.c", "int x;\n" * 501)
        self.assertEqual(sources.check(self.root), [])

    def test_marker_is_found(self):
        word = "FIX" + "ME"
        self.write("base/a.c", f"int x; /* {word} later */\n")
        self.assertEqual(sources.check(self.root), [f"base/a.c:1: unfinished: {word}"])

    def test_fork_of_python_is_found(self):
        self.write("tests/a.py", "subprocess.Popen(command, preexec" + "_fn=limit)\n")
        self.assertEqual(len(sources.check(self.root)), 1)

    def test_template_of_mktemp_is_no_marker(self):
        self.write("tests/a.sh", "mktemp /tmp/a." + "X" * 6 + "\n")
        self.assertEqual(sources.check(self.root), [])


class Reasons(Scratch):
    def test_both_sides_are_compared(self):
        self.write("docs/errors.md", "| NOT_FOUND | 404 | `GONE` | told |\n| | | `NEVER` | told |\n")
        self.write("docs/security.md", "| UNAUTHENTICATED | 401 | `WHO` | told |\n")
        given = 'return qvt_error_set(error, QVT_NOT_FOUND,\n    "{}", "words");\n'
        self.write("server/service/a.c", "".join(given.format(reason) for reason in ("GONE", "WHO", "SECRET")))
        self.assertEqual(
            reasons.check(self.root),
            ["server/service/a.c: reason SECRET is in no document", "docs/errors.md: nobody gives the reason NEVER"],
        )


if __name__ == "__main__":
    unittest.main()
