#!/usr/bin/python3
"""TLS on both ports of qvtd, met with curl, stock grpcio, the ssl module and bare sockets."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import grpc

import certificates
import harness


class SecureServer(harness.Server):
    """A server whose clients trust `authority`; own: files that they show."""

    def __init__(self, world, args=(), own=None, authority=None, files=None):
        files = files or world.server
        super().__init__(args=["--tls-cert", files.certificate, "--tls-key", files.key, *args])
        self.authority = (authority or world.authority).files.certificate
        self.own = own

    def url(self, path):
        return f"https://localhost:{self.http.rsplit(':', 1)[1]}{path}"

    def curl(self, method, path, body=None, headers=(), args=()):
        own = ["--cert", self.own.certificate, "--key", self.own.key] if self.own else []
        return super().curl(method, path, body, headers, ["--cacert", self.authority, *own, *args])

    def stream(self, path, headers=(), args=()):
        return super().stream(path, headers, ["--cacert", self.authority, *args])

    def secure_channel(self, own=None):
        read = lambda path: Path(path).read_bytes()
        pair = (read(own.key), read(own.certificate)) if own else (None, None)
        credentials = grpc.ssl_channel_credentials(read(self.authority), *pair)
        return grpc.secure_channel(f"localhost:{self.grpc.rsplit(':', 1)[1]}", credentials)

    def channel(self):
        if self._channel is None:
            self._channel = self.secure_channel(self.own)
        return self._channel

    def metric(self, name, **labels):
        wanted = "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}" if labels else ""
        body = self.curl("GET", "/metrics").body
        return int(re.search(re.escape(name + wanted) + r" (\d+)", body).group(1))

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def port(address):
    host, _, number = address.rpartition(":")
    return host, int(number)


def status(stub):
    return stub.GetClusterStatus(harness.messages().GetClusterStatusRequest(), timeout=30)


class Tls(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = tempfile.mkdtemp(prefix="qvt-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.certificates)
        cls.authority = certificates.Authority(cls.certificates, "Test authority")
        cls.other = certificates.Authority(cls.certificates, "Other authority")
        cls.server = cls.authority.sign("server", dns=["localhost"], addresses=["127.0.0.1"])
        cls.client = cls.authority.sign("orders", dns=["orders.test"], uris=["spiffe://test/orders"])
        cls.stranger = cls.other.sign("stranger")

    def mtls(self, auth):
        return ["--tls-client-auth", auth, "--tls-client-ca", self.authority.files.certificate]

    def test_both_ports_answer_over_tls(self):
        with SecureServer(self) as server:
            self.assertEqual(server.curl("GET", "/readyz").status, 200)
            self.assertEqual(server.curl("GET", "/readyz", args=["--tls-max", "1.2"]).status, 200)
            status(server.stub())
            self.assertEqual(server.metric("qvt_tls_handshakes_total", protocol="grpc", outcome="ok"), 1)
            self.assertGreaterEqual(server.metric("qvt_tls_handshakes_total", protocol="http", outcome="ok"), 3)
            self.assertAlmostEqual(server.metric("qvt_tls_certificate_expires_seconds"), time.time() + 24 * 3600, delta=300)

    def test_http2_is_agreed_on_by_alpn(self):
        with SecureServer(self) as server:
            url = f"https://localhost:{port(server.grpc)[1]}/quark.version.v1.VersionTracker/GetClusterStatus"
            curl = ["curl", "-s", "-S", "-m", "10", "--cacert", server.authority, "-o", "/dev/null", "-w", "%{http_version} %{http_code}", url]
            done = subprocess.run([*curl, "--http2", "-X", "POST"], capture_output=True, text=True)
            self.assertEqual(done.stdout, "2 415")
            done = subprocess.run([*curl, "--http1.1"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 35)
            self.assertIn("no application protocol", done.stderr)

    def test_old_versions_are_refused(self):
        with SecureServer(self) as server:
            for address in (server.grpc, server.http):
                done = subprocess.run(
                    ["curl", "-s", "-S", "-m", "10", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", "--cacert", server.authority, f"https://localhost:{port(address)[1]}/"],
                    capture_output=True, text=True)
                self.assertEqual(done.returncode, 35, done.stderr)
                self.assertIn("protocol version", done.stderr)
            self.assertIn("speaks no TLS version of ours (1.2 or 1.3)", server.log())

    def test_event_streams_flow_and_end(self):
        with SecureServer(self, args=["--watch-progress", "100ms"]) as server:
            with server.stream("/v1/clusters/default/watch") as stream:
                self.assertIn("reset", stream.read_event()["data"])
                for _ in range(3):
                    stream.read_event()
            with server.ticks() as ticks:
                ticks.until(lambda: server.metric("qvt_connections", protocol="http") <= 2)

    def test_large_bodies_pass_both_ways(self):
        with SecureServer(self) as server:
            answer = server.curl("POST", "/v1/clusters/default/silos", "x" * (5 << 20))
            self.assertEqual(answer.status, 413)
            self.assertGreater(len(server.curl("GET", "/openapi.json").body), 20000)

    def test_a_required_certificate_is_required_on_both_ports(self):
        with SecureServer(self, args=self.mtls("require"), own=self.client) as server:
            self.assertEqual(server.curl("GET", "/readyz").status, 200)
            status(server.stub())
            for own in ([], ["--cert", self.stranger.certificate, "--key", self.stranger.key]):
                done = subprocess.run(["curl", "-s", "-S", "-m", "10", "--cacert", server.authority, *own, server.url("/readyz")],
                                      capture_output=True, text=True)
                self.assertNotEqual(done.returncode, 0)
                self.assertEqual(done.stdout, "")
            for own in (None, self.stranger):
                with server.secure_channel(own) as channel:
                    with self.assertRaises(grpc.RpcError) as refused:
                        status(harness.messages().grpc_stub(channel))
                    self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertIn("the client showed no certificate", server.log())
            self.assertGreaterEqual(server.metric("qvt_tls_handshakes_total", protocol="http", outcome="failed"), 2)

    def test_a_requested_certificate_may_be_left_out_but_not_be_bad(self):
        with SecureServer(self, args=self.mtls("request")) as server:
            self.assertEqual(server.curl("GET", "/readyz").status, 200)
            status(server.stub())
            with server.secure_channel(self.stranger) as channel:
                with self.assertRaises(grpc.RpcError):
                    status(harness.messages().grpc_stub(channel))

    def test_a_stalled_handshake_costs_no_cpu_and_ends(self):
        with SecureServer(self, args=["--tls-handshake-timeout", "1500ms"]) as server:
            server.curl("GET", "/readyz")
            stalled = [socket.create_connection(port(address)) for address in (server.grpc, server.http) for _ in range(20)]
            for each in stalled:
                each.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            before = server.cpu_s()
            for each in stalled:
                each.settimeout(harness.PATIENCE_S)
                self.assertEqual(each.recv(1), b"")
                each.close()
            self.assertLess(server.cpu_s() - before, 0.5)
            self.assertIn("no TLS handshake in time", server.log())
            for protocol in ("grpc", "http"):
                self.assertEqual(server.metric("qvt_tls_handshakes_total", protocol=protocol, outcome="failed"), 20)

    def test_http_connections_without_a_request_are_bounded(self):
        with SecureServer(self, args=["--max-unused-connections", "3"]) as server:
            used = self.https(server)
            used.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(used.recv(100).startswith(b"HTTP/1.1 200"))
            left = [self.https(server) for _ in range(5)]
            self.assertEqual([b"", b""], [each.recv(1) for each in left[:2]])
            used.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertNotEqual(b"", used.recv(100))
            left[4].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(left[4].recv(100).startswith(b"HTTP/1.1 200"))
            self.assertGreaterEqual(server.metric("qvt_tls_unused_connections_closed_total"), 2)
            self.assertIn("too many connections on which no request has come", server.log())
            for each in [used, *left]:
                each.close()

    def test_an_http_connection_without_a_request_ends(self):
        with SecureServer(self, args=["--http-idle", "1s"]) as server:
            with self.https(server) as idle:
                self.assertEqual(b"", idle.recv(1))
            self.assertEqual(0, server.metric("qvt_tls_handshakes_total", protocol="http", outcome="failed"))

    def test_sessions_are_resumed_until_the_files_are_reloaded(self):
        context = ssl.create_default_context(cafile=self.authority.files.certificate)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2"])

        def connect(session):
            with socket.create_connection(port(server.grpc)) as plain:
                with context.wrap_socket(plain, server_hostname="localhost", session=session) as secure:
                    return secure.session, secure.session_reused

        with SecureServer(self) as server:
            session, reused = connect(None)
            self.assertFalse(reused)
            self.assertTrue(connect(session)[1])
            self.reload(server, "tls files reloaded")
            self.assertFalse(connect(session)[1])

    def https(self, server):
        context = ssl.create_default_context(cafile=self.authority.files.certificate)
        plain = socket.create_connection(port(server.http), harness.PATIENCE_S)
        return context.wrap_socket(plain, server_hostname="localhost")

    def reload(self, server, line):
        count = server.log().count(line)
        with server.ticks() as ticks:
            # Connected while the old files still count.
            ticks.read_line()
            server.process.send_signal(signal.SIGHUP)
            ticks.until(lambda: server.log().count(line) > count)

    def test_a_reload_drops_no_call(self):
        folder = tempfile.mkdtemp(dir=self.certificates)
        files = certificates.Files(f"{folder}/cert.pem", f"{folder}/key.pem")
        shutil.copy(self.server.certificate, files.certificate)
        shutil.copy(self.server.key, files.key)
        renewed = self.other.sign("renewed", dns=["localhost"])
        with SecureServer(self, args=["--watch-progress", "100ms"], files=files) as server:
            stub = server.stub()
            watch = stub.Watch(iter([harness.messages().WatchRequest()]))
            next(watch)
            shutil.copy(renewed.certificate, files.certificate)
            with server.stream("/v1/clusters/default/watch") as stream:
                stream.read_event()
                # The key is still that of the old certificate.
                self.reload(server, "tls files not reloaded")
                self.assertIn(f"TLS key file {files.key} is not the key of the certificate in {files.certificate}", server.log())
                self.assertEqual(server.curl("GET", "/readyz").status, 200)
                shutil.copy(renewed.key, files.key)
                self.reload(server, "tls files reloaded")
                server.authority = self.other.files.certificate
                self.assertEqual(server.curl("GET", "/readyz").status, 200)
                with server.secure_channel() as fresh:
                    status(harness.messages().grpc_stub(fresh))
                status(stub)
                next(watch)
                stream.read_event()
            watch.cancel()
            self.assertEqual(server.metric("qvt_tls_handshakes_total", protocol="grpc", outcome="ok"), 2)

    def qvtctl(self, server, *args, environment=None):
        command = [str(harness.BIN_DIR / "qvtctl"), "status", "--endpoint", f"localhost:{port(server.grpc)[1]}", *args]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, env={**os.environ, **(environment or {})})

    def test_qvtctl_says_what_is_wrong(self):
        ca, other = self.authority.files.certificate, self.other.files.certificate
        own = ["--tls-cert", self.client.certificate, "--tls-key", self.client.key]
        with SecureServer(self, args=self.mtls("request")) as server:
            self.assertEqual(self.qvtctl(server, "--tls-ca", ca).returncode, 0)
            self.assertEqual(self.qvtctl(server, "--tls-ca", ca, *own).returncode, 0)
            self.assertEqual(self.qvtctl(server, environment={"QVT_CLIENT_TLS_CA": ca}).returncode, 0)
            for args, line in (
                ([], "closed by the peer, which seems to speak TLS"),
                (["--tls"], "the server's certificate was not signed by an authority that is trusted here (its issuer is CN=Test authority)"),
                (["--tls-ca", other], "the server's certificate was not signed by an authority that is trusted here (its issuer is CN=Test authority)"),
                (["--tls-ca", ca, "--tls-server-name", "elsewhere"], 'the server\'s certificate is not for "elsewhere" (it is for localhost)'),
                (["--tls-ca", ca, "--tls-cert", self.stranger.certificate, "--tls-key", self.stranger.key], "the server does not accept our certificate (CA is unknown)"),
            ):
                done = self.qvtctl(server, *args)
                self.assertEqual(done.returncode, 4, done.stderr)
                self.assertIn(line, done.stderr)
            done = self.qvtctl(server, "--tls-ca", "/nowhere/ca.pem")
            self.assertIn("TLS authority file /nowhere/ca.pem cannot be read: No such file or directory", done.stderr)

    def test_qvtctl_over_tls_meets_a_plain_server(self):
        server = self.serve()
        done = self.qvtctl(server, "--tls-ca", self.authority.files.certificate)
        self.assertEqual(done.returncode, 4)
        self.assertIn("the server speaks plain text, not TLS", done.stderr)

    def test_what_it_cannot_start_with_is_one_line(self):
        cert, key = self.server
        ca = self.authority.files.certificate
        for flags, line in (
            (["--tls-cert", cert], "--tls-cert needs --tls-key"),
            (["--tls-key", key], "--tls-key needs --tls-cert"),
            (["--tls-cert", cert, "--tls-key", key, "--tls-client-auth", "require"], "--tls-client-auth needs --tls-client-ca"),
            (["--tls-cert", cert, "--tls-key", key, "--tls-client-ca", ca], "--tls-client-ca needs --tls-client-auth request or require"),
            (["--tls-client-ca", ca, "--tls-client-auth", "require"], "--tls-client-auth needs --tls-cert"),
            (["--tls-cert", "/nowhere/a.pem", "--tls-key", key], "TLS certificate file /nowhere/a.pem cannot be read: No such file or directory"),
            (["--tls-cert", cert, "--tls-key", self.client.key], f"TLS key file {self.client.key} is not the key of the certificate in {cert}"),
            (["--tls-cert", key, "--tls-key", key], f"TLS certificate file {key} holds no certificate"),
            (["--tls-cert", cert, "--tls-key", cert], f"TLS key file {cert} holds no private key"),
        ):
            done = subprocess.run([str(harness.BIN_DIR / "qvtd"), "--store", "memory", *flags], capture_output=True, text=True, timeout=20)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (2, "", f"qvtd: {line}\n"))

    def test_an_expired_certificate_is_served_with_a_warning(self):
        expired = self.authority.sign("expired", dns=["localhost"], since=-48, until=-24)
        with SecureServer(self, files=expired) as server:
            self.assertIn("tls certificate has expired", server.log())
            self.assertEqual(server.curl("GET", "/readyz", args=["-k"]).status, 200)


if __name__ == "__main__":
    harness.main()
