#!/usr/bin/python3
"""The image and docker/compose.yaml: one tracker that keeps what it is told, and may do nothing else."""

import json
import subprocess
import unittest

import project
from project import docker, inspect, until

MB = 1000 * 1000


class Single(project.TestCase):
    files = ("compose.yaml",)

    def setUp(self):
        until(lambda: self.project.health("qvtd") == "healthy", "a healthy qvtd")

    def curl(self, path, body=None):
        command = ["curl", "-sSf", "-m", "20", f"http://{self.project.address('qvtd', 7080)}{path}"]
        if body is not None:
            command += ["-d", json.dumps(body)]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    def test_image_adds_less_than_40_mb_to_its_base(self):
        added = inspect(f"qvt:{project.TAG}")["Size"] - inspect(project.BASE)["Size"]
        print(f"qvt adds {added / MB:.1f} MB to {project.BASE}")
        self.assertLess(added, 40 * MB)

    def test_labels_say_the_version_that_the_program_says(self):
        labels = inspect(f"qvt:{project.TAG}")["Config"]["Labels"]
        self.assertEqual(project.VERSION, labels["org.opencontainers.image.version"])
        said = docker("run", "--rm", f"qvt:{project.TAG}", "--version").stdout
        self.assertIn(project.VERSION, said)

    def test_defaults_of_the_files_name_the_version(self):
        for name in ("Dockerfile", "compose.yaml"):
            text = (project.ROOT / "docker" / name).read_text()
            self.assertRegex(text, rf"VERSION(:-|=){project.VERSION}\b", name)

    def test_runs_without_rights_on_a_read_only_root(self):
        state = inspect(self.project.container("qvtd"))
        self.assertEqual("10070:10070", state["Config"]["User"])
        self.assertTrue(state["HostConfig"]["ReadonlyRootfs"])
        refused = self.project.execute("qvtd", "touch", "/usr/bin/x", "/tmp/x", check=False)
        self.assertIn("Read-only file system", refused.stdout + refused.stderr)
        capabilities = self.project.execute("qvtd", "grep", "^CapEff", "/proc/1/status").stdout
        self.assertEqual(0, int(capabilities.split()[1], 16))

    def test_ports_are_published_on_loopback_only(self):
        for port in (7070, 7080):
            self.assertRegex(self.project.address("qvtd", port), r"^127\.0\.0\.1:\d+$")

    def test_does_not_serve_a_network_unless_told(self):
        refused = docker("run", "--rm", f"qvt:{project.TAG}", check=False)
        self.assertEqual(2, refused.returncode)
        self.assertIn("--insecure", refused.stderr)

    def test_a_registration_outlives_the_container(self):
        silo = {"silo_id": "kept-1", "address": "10.0.0.5", "port": 11111, "lease_ttl": "600s"}
        silo["actor_type_versions"] = {"KeptActor": {"version": "2.1.0"}}
        before = self.curl("/v1/silos", {"silo": silo})
        container = self.project.container("qvtd")
        self.project.compose("stop", "qvtd")
        self.assertEqual(0, inspect(container)["State"]["ExitCode"])
        self.project.down(volumes=False)
        self.project.up()
        until(lambda: self.project.health("qvtd") == "healthy", "a healthy qvtd")
        found = self.curl("/v1/actor-types/KeptActor/compatible-silos?version=2.1.0")
        self.assertEqual(["kept-1"], [each["siloId"] for each in found["silos"]])
        self.assertEqual(before["position"]["storeId"], found["position"]["storeId"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
