#!/usr/bin/python3
"""qvtd as a program: flags, ready line, exit codes, signals, logs, where it keeps its state."""

import json
import os
import signal
import socket
import stat
import subprocess
import time

import harness


def run(*args, environment=None):
    env = {**os.environ, **(environment or {})}
    return subprocess.run([str(harness.BIN_DIR / "qvtd"), *args], capture_output=True, text=True,
                          timeout=harness.PATIENCE_S, env=env)


class Program(harness.TestCase):
    def expect_refusal(self, done, *words):
        """Exit 2 and one clear line on stderr."""
        self.assertEqual(2, done.returncode, done.stderr)
        self.assertEqual("", done.stdout)
        lines = done.stderr.strip().split("\n")
        self.assertEqual(1, len(lines), done.stderr)
        self.assertTrue(lines[0].startswith("qvtd: "), lines[0])
        for word in words:
            self.assertIn(word, lines[0])

    def test_help_says_enough_to_begin(self):
        done = run("--help")
        self.assertEqual(0, done.returncode)
        for word in ("--grpc-listen", "--store", "QVT_", "127.0.0.1:7080", "curl"):
            self.assertIn(word, done.stdout)

    def test_version_is_one_line(self):
        done = run("--version")
        self.assertEqual(0, done.returncode)
        self.assertRegex(done.stdout, r"^qvtd \d+\.\d+\.\d+\n$")

    def test_a_bad_flag_is_one_line_and_exit_2(self):
        self.expect_refusal(run("--bogus"), "--bogus")
        self.expect_refusal(run("--store", "redis:localhost"), "--store", "redis:localhost")
        self.expect_refusal(run("--lease-ttl", "soon"), "--lease-ttl", "soon")
        self.expect_refusal(run("--store=memory", "--grpc-listen", "nowhere"), "nowhere")
        self.expect_refusal(run("--store=memory", "--grpc-listen=127.0.0.1:0", "--http-listen", "1.2.3:x"), "1.2.3:x")
        self.expect_refusal(run(environment={"QVT_LOG_FORMAT": "xml"}), "QVT_LOG_FORMAT", "xml")

    def test_a_taken_port_is_one_line_and_exit_2(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()
            taken = f"127.0.0.1:{sock.getsockname()[1]}"
            self.expect_refusal(run("--store=memory", "--grpc-listen", taken, "--http-listen=127.0.0.1:0"), taken)
            self.expect_refusal(run("--store=memory", "--http-listen", taken, "--grpc-listen=127.0.0.1:0"), taken)

    def test_a_locked_database_is_one_line_and_exit_2(self):
        self.serve(store=self.sqlite())
        done = run("--store", self.sqlite(), "--grpc-listen=127.0.0.1:0", "--http-listen=127.0.0.1:0")
        self.expect_refusal(done, f"{self.folder}/qvt.db")

    def test_a_foreign_file_is_one_line_and_exit_2(self):
        path = f"{self.folder}/letter.db"
        with open(path, "w", encoding="utf-8") as file:
            file.write("Dear Sir or Madam, this is no database. " * 100)
        done = run("--store", f"sqlite:{path}", "--grpc-listen=127.0.0.1:0", "--http-listen=127.0.0.1:0")
        self.expect_refusal(done, path)
        with open(path, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("Dear Sir"))

    def test_signals_drain_and_exit_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.serve()
            server.process.send_signal(number)
            self.assertEqual(0, server.process.wait(harness.PATIENCE_S), server.log())

    def test_signals_that_come_until_it_has_ended_change_nothing(self):
        for _ in range(5):
            server = self.serve()
            deadline = time.monotonic() + harness.PATIENCE_S
            while server.process.poll() is None:
                for number in (signal.SIGTERM, signal.SIGINT):
                    server.process.send_signal(number)
                self.assertLess(time.monotonic(), deadline)
            self.assertEqual(0, server.process.returncode, server.log())

    def test_closed_standard_streams_are_nobody_elses(self):
        close = 'exec 0<&- 2>&-; exec "$0" "$@"'
        command = [harness.BIN_DIR / "qvtd", "--store=memory", "--grpc-listen=127.0.0.1:0", "--http-listen=127.0.0.1:0"]
        process = subprocess.Popen(["sh", "-c", close, *command], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        self.assertTrue(process.stdout.readline().startswith("ready "))
        self.assertEqual({"/dev/null"}, {os.readlink(f"/proc/{process.pid}/fd/{number}") for number in (0, 2)})
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(harness.PATIENCE_S))

    def test_an_open_watch_does_not_hold_up_the_end(self):
        server = self.serve("--drain-grace=10m")
        messages = harness.messages()
        watch = server.stub().Watch(iter([messages.WatchRequest()]))
        next(watch)
        with server.stream("/v1/watch") as events:
            events.read_event()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(0, server.process.wait(harness.PATIENCE_S), server.log())

    def test_the_default_store_is_in_the_state_directory(self):
        server = self.serve(store=None, environment={"XDG_STATE_HOME": f"{self.folder}/state"})
        server.curl("POST", "/v1/silos", {"silo": {"siloId": "a", "address": "h", "port": 1}})
        folder = os.stat(f"{self.folder}/state/qvt")
        self.assertEqual(0o700, stat.S_IMODE(folder.st_mode))
        self.assertTrue(os.path.exists(f"{self.folder}/state/qvt/qvt.db"))

    def test_logs_are_json_lines_on_request(self):
        server = self.serve("--log-format", "json")
        server.stop()
        events = [json.loads(line) for line in server.log().strip().split("\n")]
        self.assertTrue(any("ready" in event.values() for event in events), events)

    def test_what_the_grpc_runtime_says_has_its_own_keys(self):
        server = self.serve("--log-format", "json")
        host, port = server.grpc.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=harness.PATIENCE_S) as connection:
            connection.sendall(b"this is not HTTP/2, by no means\r\n\r\n")
            while connection.recv(4096):
                pass
        server.stop()
        events = [json.loads(line) for line in server.log().strip().split("\n")]
        self.assertTrue(any("rpc connection failed" == event["event"] and "peer" in event for event in events), events)


if __name__ == "__main__":
    harness.main()
