#!/usr/bin/python3
"""Flags, variables and the file of --config: who wins, what is refused, and that docs/configuration.md says what --help says.

usage: test_configuration.py [--write]    with --write: puts the flags of --help into docs/configuration.md
"""

import re
import subprocess
import sys

import harness

DOCUMENT = harness.ROOT / "docs/configuration.md"
BEGIN, END = "<!-- flags -->\n", "<!-- end of flags -->\n"
FLAG = re.compile(r"^  --(\S+)(?: (\S+))?\s+(.*?)(?: \[([^\]]*)\])?$")


def run(*args, environment=None):
    env = {**harness.os.environ, **(environment or {})}
    return subprocess.run([str(harness.BIN_DIR / "qvtd"), *args], capture_output=True, text=True, timeout=30, env=env)


def flags():
    """(name, kind of value, meaning, default or "") of every flag that --help names, but for --help and --version."""
    rows = [FLAG.match(line) for line in run("--help").stdout.split("\n") if line.startswith("  --")]
    return [(row[1], row[2] or "", row[3], row[4] or "") for row in rows if row[1] not in ("help", "version")]


def table():
    lines = ["| flag and key | variable | default | |", "|---|---|---|---|"]
    for name, value, meaning, default in flags():
        variable = "QVT_" + name.upper().replace("-", "_")
        shown = f"`{default}`" if default else ""
        lines.append(f"| `{name}`{value and ' ' + value} | `{variable}` | {shown} | {meaning} |")
    return "\n".join(lines) + "\n"


class Configuration(harness.TestCase):
    def file(self, text, name="qvtd.conf"):
        path = f"{self.folder}/{name}"
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def refused(self, text, rule):
        path = self.file(text)
        done = run("--config", path)
        self.assertEqual(2, done.returncode, done)
        self.assertEqual(f"qvtd: {path}:{rule}\n", done.stderr)
        self.assertEqual("", done.stdout)

    def cache_ttl(self, *args, environment=None):
        """What the server that is started so says about the age of its answers."""
        with harness.Server("memory", args, environment) as server:
            return server.curl("GET", "/v1/status").json["cacheTtl"]

    def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(self):
        path = self.file("cache-ttl = 3s\n")
        variable = {"QVT_CACHE_TTL": "5s"}
        self.assertEqual("10s", self.cache_ttl())
        self.assertEqual("3s", self.cache_ttl("--config", path))
        self.assertEqual("3s", self.cache_ttl(f"--config={path}"))
        self.assertEqual("3s", self.cache_ttl(environment={"QVT_CONFIG": path}))
        self.assertEqual("5s", self.cache_ttl("--config", path, environment=variable))
        self.assertEqual("7s", self.cache_ttl("--config", path, "--cache-ttl", "7s", environment=variable))

    def test_the_flag_names_another_file_than_the_variable(self):
        first, second = self.file("cache-ttl = 3s", "first"), self.file("cache-ttl = 4s", "second")
        self.assertEqual("4s", self.cache_ttl("--config", second, environment={"QVT_CONFIG": first}))

    def test_comments_spaces_and_line_ends_are_as_people_write_them(self):
        text = "# a comment\r\n\r\n   cache-ttl\t=  6s   # another = one\r\n#log-level = loud\nstore = memory"
        self.assertEqual("6s", self.cache_ttl("--config", self.file(text)))

    def test_a_value_may_contain_the_signs(self):
        path = self.file(f"store = sqlite:{self.folder}/a=b#c.db\n")
        with harness.Server(None, ["--config", path]) as server:
            server.curl("GET", "/v1/status")
        self.assertTrue((harness.Path(self.folder) / "a=b#c.db").exists())

    def test_what_is_wrong_is_told_with_file_and_line(self):
        self.refused("cache-tll = 3s\n", '1: unknown key "cache-tll"; see qvtd --help')
        self.refused("\n\nconfig = other\n", '3: unknown key "config"; see qvtd --help')
        self.refused("cache-ttl = 3s\n# x\ncache-ttl = 3s\n", '3: "cache-ttl" is set twice, first on line 1')
        self.refused("cache-ttl = soon\n", '1: cache-ttl: "soon" is not a duration such as 500ms, 10s, 5m, 1h or 7d')
        self.refused("max-silos = 0\n", "1: max-silos: 0 is not within 1 and 10000000")
        self.refused("log-format = xml\n", '1: log-format: "xml" is none of text, json')
        self.refused("store =\n", '1: "store" needs a value (STORE)')
        self.refused("store memory\n", '1: "store memory" is no "key = value"')
        self.refused("= memory\n", '1: unknown key ""; see qvtd --help')
        self.refused(b"\nstore = \xff\n", "2: not UTF-8 text")
        self.refused(b"\n\nstore = a\0b\n", "3: not UTF-8 text")
        self.refused("# " + "x" * (1 << 20), "1: the file is over 1048576 bytes")

    def test_a_file_that_cannot_be_read_is_one_line_and_exit_2(self):
        for path in (f"{self.folder}/missing", self.folder):
            done = run("--config", path)
            self.assertEqual(2, done.returncode)
            self.assertRegex(done.stderr, f"^qvtd: cannot read {re.escape(path)}: [^\n]+\n$")
        self.assertIn("--config needs a value", run("--config").stderr)

    def test_every_flag_is_a_variable_and_a_key(self):
        for name, value, _, _ in flags():
            bad = "" if value in ("FILE", "STORE", "ADDR:PORT", "NAME") else "?"
            if not bad:
                continue
            variable = "QVT_" + name.upper().replace("-", "_")
            self.assertIn(f"qvtd: {variable}: ", run(environment={variable: bad}).stderr)
            self.refused_key(name, bad)

    def refused_key(self, name, value):
        path = self.file(f"{name} = {value}\n")
        self.assertIn(f"qvtd: {path}:1: {name}: ", run("--config", path).stderr)

    def test_every_default_is_a_value(self):
        text = "".join(f"{name} = {default}\n" for name, _, _, default in flags() if default)
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:0", text)
        self.assertEqual("10s", self.cache_ttl("--config", self.file(text)))

    def test_beyond_loopback_needs_a_word(self):
        for flag in ("grpc-listen", "http-listen"):
            for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[2001:db8::1]:0", "128.0.0.1:0", "126.255.255.255:0"):
                done = run("--store", "memory", f"--{flag}", address)
                self.assertEqual(2, done.returncode)
                self.assertRegex(done.stderr, f"^qvtd: --{flag} {re.escape(address)} is beyond loopback[^\n]*--insecure[^\n]*\n$")
                self.assertEqual("", done.stdout)

    def test_a_switch_is_a_flag_alone_or_true_or_false(self):
        every = ("0.0.0.0:0", "0.0.0.0:0")
        for args, environment in ((["--insecure"], None), (["--insecure=true"], None), ([], {"QVT_INSECURE": "true"})):
            server = harness.Server("memory", args, environment)
            server.listen = every
            with server:
                self.assertRegex(server.grpc, r"^0\.0\.0\.0:\d+$")
        for args in (["--insecure=false"], ["--insecure", "--insecure=false"]):
            done = run("--store", "memory", "--grpc-listen", "0.0.0.0:0", *args)
            self.assertEqual(2, done.returncode)
        self.assertIn('"yes" is none of true, false', run("--insecure=yes").stderr)

    def test_every_loopback_address_needs_none(self):
        server = harness.Server("memory")
        server.listen = ("127.0.0.2:0", "[::1]:0")
        with server:
            self.assertRegex(server.http, r"^\[::1\]:\d+$")

    def test_localhost_is_the_loopback_address(self):
        server = harness.Server("memory")
        server.listen = ("localhost:0", "LOCALHOST:0")
        with server:
            self.assertRegex(server.grpc, r"^127\.0\.0\.1:\d+$")
            self.assertRegex(server.http, r"^127\.0\.0\.1:\d+$")

    def test_unknown_fields_of_json_are_refused_unless_they_are_to_be_ignored(self):
        body = {"silo": {"siloId": "a", "address": "h", "port": 1, "colour": "red"}, "mood": [{"x": 1}]}
        with harness.Server("memory") as server:
            answer = server.curl("POST", "/v1/silos", body)
            self.assertEqual(400, answer.status)
            self.assertIn("colour", answer.json["message"])
        with harness.Server("memory", ["--json-unknown-fields=ignore"]) as server:
            self.assertEqual(200, server.curl("POST", "/v1/silos", body).status)

    def test_the_document_says_what_the_help_says(self):
        text = DOCUMENT.read_text(encoding="utf-8")
        self.assertEqual(table(), text[text.index(BEGIN) + len(BEGIN) : text.index(END)])


def write():
    text = DOCUMENT.read_text(encoding="utf-8")
    head, tail = text[: text.index(BEGIN)], text[text.index(END) :]
    DOCUMENT.write_text(head + BEGIN + table() + tail, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        harness.main()
