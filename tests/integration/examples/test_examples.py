#!/usr/bin/python3
"""hello_silo as its reader would run it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "qvtd"))

import harness  # noqa: E402


class HelloSilo(harness.TestCase):
    def start(self, endpoint, *words):
        environment = {**os.environ, "QVT_ENDPOINTS": endpoint}
        command = [harness.BIN_DIR / "hello_silo", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        stream = harness.LineStream(process)
        self.addCleanup(stream.close)
        return stream

    def status(self, server, silo_id):
        messages = harness.messages()
        silo = server.stub().GetSilo(messages.GetSiloRequest(silo_id=silo_id), timeout=20).silo
        return messages.SiloStatus.Name(silo.status)

    def test_registers_finds_itself_and_leaves_on_a_signal(self):
        server = self.serve()
        for number in (signal.SIGTERM, signal.SIGINT):
            silo_id = f"hello-{number}"
            silo = self.start(server.grpc, silo_id)
            self.assertEqual(f"{silo_id} 1.0.0 at 127.0.0.1:11111", silo.read_line())
            self.assertEqual("SILO_STATUS_ACTIVE", self.status(server, silo_id))
            silo.process.send_signal(number)
            self.assertEqual(0, silo.process.wait(harness.PATIENCE_S))
            self.assertEqual("SILO_STATUS_DEAD", self.status(server, silo_id))

    def test_takes_a_list_of_trackers_a_version_and_an_address(self):
        server = self.serve()
        nobody = f"127.0.0.1:{harness.free_port()}"
        silo = self.start(f"{nobody},{server.grpc}", "hello-2", "2.1.0", "10.0.0.5")
        self.assertEqual("hello-2 2.1.0 at 10.0.0.5:11111", silo.read_line())

    def test_says_in_one_line_that_there_is_no_tracker(self):
        silo = self.start(f"127.0.0.1:{harness.free_port()}")
        self.assertIn("no connection to the tracker", silo.read_line())
        self.assertEqual(1, silo.process.wait(harness.PATIENCE_S))

    def test_is_short(self):
        lines = (harness.ROOT / "examples/hello_silo.c").read_text().splitlines()
        self.assertLess(len(lines), 70)


class Silos(harness.TestCase):
    """The examples that act as silos, each against a tracker, with others watching."""

    def start(self, *command, **more):
        environment = {**os.environ, **more}
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, env=environment)
        stream = harness.LineStream(process)
        self.addCleanup(stream.close)
        return stream

    def status(self, server, silo_id):
        messages = harness.messages()
        silo = server.stub().GetSilo(messages.GetSiloRequest(silo_id=silo_id), timeout=20).silo
        return messages.SiloStatus.Name(silo.status), dict(silo.actor_type_versions)

    def leave(self, server, silo, silo_id):
        silo.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, silo.process.wait(harness.PATIENCE_S))
        self.assertEqual("SILO_STATUS_DEAD", self.status(server, silo_id)[0])

    def test_c_silo_declares_its_types_and_empties_itself(self):
        server = self.serve()
        silo = self.start(harness.BIN_DIR / "example_silo", "c-1", 11111, QVT_ENDPOINTS=f" {server.grpc} ,")
        self.assertEqual("found c-1 2.1.0 at 127.0.0.1:11111", silo.read_line())
        status, versions = self.status(server, "c-1")
        self.assertEqual(("SILO_STATUS_ACTIVE", ["CartActor", "OrderActor"]), (status, sorted(versions)))
        self.assertEqual(("shop", 2), (versions["CartActor"].assembly_name, versions["CartActor"].state_schema.writes))
        silo.process.send_signal(signal.SIGTERM)
        self.assertEqual("saved OrderActor order-1", silo.read_line())
        self.assertEqual("left: 1 of 1 actors saved, unregistered", silo.read_line())
        self.assertEqual(0, silo.process.wait(harness.PATIENCE_S))
        self.assertEqual("SILO_STATUS_DEAD", self.status(server, "c-1")[0])

    def test_python_silo_beats_watches_and_leaves(self):
        # By the commands at its top, in a folder that has what a checkout has.
        server = self.serve()
        program = "examples/python/silo.py"
        text = (harness.ROOT / program).read_text().split('"""', 2)[1]
        commands = "\n".join(line for line in text.splitlines() if line.startswith("    "))
        self.assertIn(f"{program} localhost:7070 orders-1 11111", commands)
        commands = commands.replace("localhost:7070 orders-1 11111", f"{server.grpc} py-1 11112")
        for name in ("proto", "examples"):
            os.symlink(harness.ROOT / name, Path(self.folder) / name)
        script = f"cd {self.folder}\nset -e\n{commands}".replace("PYTHONPATH=stubs /usr", "PYTHONPATH=stubs exec /usr")
        silo = self.start("bash", "-c", script, PYTHONDONTWRITEBYTECODE="1")
        self.assertEqual("found py-1 2.1.0 127.0.0.1:11112", silo.read_line())
        self.assertEqual("SILO_STATUS_ACTIVE", self.status(server, "py-1")[0])
        self.leave(server, silo, "py-1")


if __name__ == "__main__":
    harness.main()
