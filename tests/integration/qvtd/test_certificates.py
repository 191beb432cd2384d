#!/usr/bin/python3
"""Client certificates as credentials, on both ports: every method × every role × own and foreign silo and cluster. libqvt over TLS."""

import contextlib
import functools
import http.client
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
from pathlib import Path

import grpc

import certificates
import harness
from test_identity import NEEDS, OWN, RANK, RULES, Caller, http_rule, make_request, new_token, over_grpc, over_http, service
from test_tls import SecureServer, port

PROBE = Path(os.environ.get("QVT_TEST_BIN_DIR", harness.BIN_DIR.parent / "tests/bin")) / "libqvt_probe"


class World(harness.TestCase):
    """An authority, a server's files, and clients whose certificates are named in the file of credentials."""

    @classmethod
    def setUpClass(cls):
        cls.certificates = tempfile.mkdtemp(prefix="qvt-mtls-")
        cls.addClassCleanup(shutil.rmtree, cls.certificates)
        cls.authority = certificates.Authority(cls.certificates, "Test authority")
        cls.server = cls.authority.sign("server", dns=["localhost"], addresses=["127.0.0.1"])
        cls.files = {
            # One of each kind of name, and one whose common name says nothing while its second host name does.
            "reader-a": cls.authority.sign("reader-a"),
            "silo-a": cls.authority.sign("Somebody", dns=["unknown.test", "silo-a.test"]),
            "admin-a": cls.authority.sign("Somebody else", uris=["spiffe://test/admin-a"]),
            "admin-all": cls.authority.sign("admin-all"),
            "stranger": cls.authority.sign("stranger"),
        }
        cls.lines = {
            "reader-a": "reader-a reader clusters=a certificate=reader-a",
            "silo-a": "silo-a silo clusters=a silos=orders-* certificate=SILO-A.test",
            "admin-a": "admin-a admin clusters=a certificate=spiffe://test/admin-a",
            "admin-all": "admin-all admin clusters=* certificate=admin-all",
        }

    def setUp(self):
        super().setUp()
        self.path = f"{self.folder}/credentials"
        self.write(self.lines.values())

    def write(self, lines):
        Path(self.path).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def secure(self, auth="request", own=None):
        args = ["--tls-client-auth", auth, "--tls-client-ca", self.authority.files.certificate, "--auth-file", self.path,
                "--max-auth-failures", "0"]
        return SecureServer(self, args=args, own=self.files.get(own))


def connector(server, own):
    """Makes HTTPS connections that show the certificate."""
    context = ssl.create_default_context(cafile=server.authority)
    if own is not None:
        context.load_cert_chain(own.certificate, own.key)
    return lambda address, timeout: http.client.HTTPSConnection("localhost", port(address)[1], timeout=timeout, context=context)


class Matrix(World):
    CALLERS = [
        Caller("reader-a", "reader", "a"),
        Caller("silo-a", "silo", "a"),
        Caller("admin-a", "admin", "a"),
        Caller("admin-all", "admin", "*"),
        Caller("stranger", reason="CERTIFICATE_UNKNOWN"),
        Caller("nobody", reason="TOKEN_MISSING"),
    ]

    def walk(self, ask):
        """Refused calls first: they change nothing."""
        methods = [method for method in service().methods if method.name in RULES]
        cases = [(method, caller, cluster, silo_id) for method in methods for caller in self.CALLERS for cluster in ("a", "b")
                 for silo_id in (("orders-1", "carts-1") if RULES[method.name] == OWN else ("orders-1",))]
        expect = lambda case: case[1].refused(RULES[case[0].name], *case[2:])
        for case in sorted(cases, key=lambda case: expect(case) is None):
            answer = ask(*case)
            if answer != "not over HTTP":
                self.assertEqual(expect(case), answer, f"{case[1].name} calls {case[0].name} in {case[2]} for {case[3]}")
        self.assertGreater(len(cases), 200)
        self.assertEqual(set(RANK.values()), set(NEEDS.values()))

    def test_every_method_over_grpc(self):
        with self.secure() as server, contextlib.ExitStack() as stack:
            channels = {caller.name: stack.enter_context(server.secure_channel(self.files.get(caller.name))) for caller in self.CALLERS}
            self.walk(lambda method, caller, cluster, silo_id: over_grpc(
                channels[caller.name], caller, method, make_request(method, cluster, silo_id)))

    def test_every_method_over_http(self):
        with self.secure() as server:
            connects = {caller.name: connector(server, self.files.get(caller.name)) for caller in self.CALLERS}

            def ask(method, caller, cluster, silo_id):
                if http_rule(method) is None:
                    return "not over HTTP"
                return over_http(server, caller, method, cluster, silo_id, connects[caller.name])

            self.walk(ask)


class Certificates(World):
    def outcome(self, channel, caller=Caller("any", "admin", "*")):
        find = next(method for method in service().methods if method.name == "GetClusterStatus")
        return over_grpc(channel, caller, find, make_request(find, "a", "orders-1"))

    def test_a_token_counts_before_the_certificate(self):
        token, line = new_token("board", "reader", "b")
        self.write([*self.lines.values(), line])
        with self.secure(own="admin-all") as server:
            self.assertIsNone(self.outcome(server.channel()))
            self.assertEqual(("PERMISSION_DENIED", "CLUSTER_NOT_ALLOWED"), self.outcome(server.channel(), Caller("board", token=token)))
            wrong = Caller("wrong", token=token[:-1] + ("0" if token[-1] != "0" else "1"))
            self.assertEqual(("UNAUTHENTICATED", "TOKEN_UNKNOWN"), self.outcome(server.channel(), wrong))
            self.assertEqual(403, server.curl("GET", "/v1/clusters/a/status", headers=[f"Authorization: Bearer {token}"]).status)

    def test_a_name_that_goes_ends_what_its_connection_may_do(self):
        with self.secure(own="admin-all") as server, server.secure_channel(self.files["admin-a"]) as channel:
            self.assertIsNone(self.outcome(channel))
            self.write(line for name, line in self.lines.items() if name != "admin-a")
            reloads = lambda: server.metric("qvt_auth_reloads_total", outcome="loaded")
            before = reloads()
            server.process.send_signal(signal.SIGHUP)
            with server.stream("/v1/clusters/a/watch", args=["--cert", self.files["admin-all"].certificate,
                                                            "--key", self.files["admin-all"].key]) as ticks:
                ticks.until(lambda: reloads() == before + 1)
            self.assertEqual(("UNAUTHENTICATED", "CERTIFICATE_UNKNOWN"), self.outcome(channel))

    def test_changes_are_signed_with_the_name_of_the_credential(self):
        with self.secure(own="admin-a") as server:
            own = self.files["admin-a"]
            with server.changes("/v1/clusters/a/watch", args=["--cert", own.certificate, "--key", own.key]) as watch:
                answer = server.curl("PUT", "/v1/clusters/a/policy", {"policy": {"mode": "COMPATIBILITY_MODE_MINOR"}, "who": "me"})
                self.assertEqual(200, answer.status, answer)
                line = watch.read_line()
                while "policy" not in line:
                    line = watch.read_line()
                self.assertIn('"who":"admin-a"', line)


class LibqvtOverTls(World):
    REGISTER = "register\torders-1\t10.0.0.1\t9000\t15000\tOrder=1.0.0\n"
    FIND = "find\tOrder\t\n"

    def probe(self, server, ca, own=None, name=None, host="localhost", script=REGISTER + FIND, patience_ms=20000):
        """What libqvt says to a registration and a find: lines of words."""
        files = {"PROBE_TLS_CA": ca, "PROBE_TLS_NAME": name, "PROBE_TIMEOUT_MS": str(patience_ms)}
        if own is not None:
            files |= {"PROBE_TLS_CERT": self.files[own].certificate, "PROBE_TLS_KEY": self.files[own].key}
        environment = {**os.environ, **{key: value for key, value in files.items() if value is not None}}
        done = subprocess.run([PROBE, f"{host}:{port(server.grpc)[1]}"], input=script,
                              capture_output=True, text=True, timeout=120, env=environment)
        self.assertEqual("", done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def test_a_silo_lives_by_its_certificate(self):
        self.write(line.replace("clusters=a", "clusters=default") for line in self.lines.values())
        with self.secure("require", own="admin-all") as server:
            register, find = self.probe(server, server.authority, "silo-a")
            self.assertEqual((["ok"], "ok"), (register[:1], find[0]))
            self.assertIn("orders-1", find)
            register, find = self.probe(server, server.authority, "reader-a", host="127.0.0.1")
            self.assertIn("ROLE_TOO_LOW", register)
            self.assertEqual("ok", find[0])
            register, *_ = self.probe(server, server.authority, "stranger")
            self.assertIn("CERTIFICATE_UNKNOWN", register)

    def why_not(self, *args, **options):
        """Why there is no connection."""
        (word, _, _, message), = self.probe(*args, **options, script=self.FIND, patience_ms=2000)
        self.assertEqual("error", word)
        return message

    def test_what_is_wrong_is_told(self):
        other = certificates.Authority(self.certificates, "Other authority")
        expired = self.authority.sign("expired", dns=["localhost"], since=-48, until=-24)
        own = self.authority.files.certificate
        with self.secure("request") as server:
            for ca, name, text in (
                (other.files.certificate, None,
                 "was not signed by an authority that is trusted here (its issuer is CN=Test authority)"),
                (own, "elsewhere.test", 'the server\'s certificate is not for "elsewhere.test" (it is for localhost)'),
            ):
                self.assertIn(text, self.why_not(server, ca, "silo-a", name))
        with self.secure("require") as server:
            self.assertIn("certificate", self.why_not(server, own))
        with SecureServer(self, files=expired) as server:
            self.assertIn("the server's certificate expired at", self.why_not(server, own))


if __name__ == "__main__":
    harness.main()
