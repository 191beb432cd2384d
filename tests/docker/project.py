"""A Compose project of docker/, brought up from the images that docker/run.sh has built, and taken down again."""

import json
import os
import subprocess
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = os.environ.get("QVT_COMPOSE", "docker-compose").split()
TAG = os.environ.get("QVT_TAG", "latest")
VERSION = os.environ["QVT_VERSION"]
BASE = os.environ["QVT_BASE"]


def run(*command, check=True, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def docker(*words, **more):
    return run("docker", *words, **more)


def inspect(name):
    return json.loads(docker("inspect", name).stdout)[0]


class Project:
    """Services of compose files under a name of their own; published ports are free ones."""

    def __init__(self, *files):
        self.name = f"qvt-test-{os.getpid()}"
        self.files = files
        ports = {variable: "0" for variable in port_variables(files)}
        self.environment = {**os.environ, **ports, "QVT_TAG": TAG}
        self.containers = {}

    def compose(self, *words, **more):
        files = [word for name in self.files for word in ("-f", ROOT / "docker" / name)]
        return run(*COMPOSE, "-p", self.name, *files, *words, env=self.environment, **more)

    def up(self):
        self.compose("up", "-d", "--no-build")

    def down(self, volumes=True):
        self.containers.clear()
        self.compose("down", "--timeout", "20", *(["-v"] if volumes else []))

    def container(self, service):
        if service not in self.containers:
            self.containers[service] = self.compose("ps", "-q", service).stdout.strip()
        return self.containers[service]

    def execute(self, service, *words, **more):
        """A command in a service's container."""
        return docker("exec", self.container(service), *words, **more)

    def address(self, service, port):
        """Where a published port is."""
        return docker("port", self.container(service), f"{port}/tcp").stdout.split()[0]

    def qvtctl(self, service, *words, check=True, timeout_s=60):
        """qvtctl in a service's container: the whole answer as JSON, or what it printed."""
        done = self.execute(service, "qvtctl", *words, "-o", "json", check=check, timeout=timeout_s)
        return done.stdout.strip() if check else done

    def health(self, service):
        return inspect(self.container(service))["State"]["Health"]["Status"]

    def logs(self):
        return self.compose("logs", "--no-color", check=False).stdout


def port_variables(files):
    text = "".join((ROOT / "docker" / name).read_text() for name in files)
    return {word.split(":-")[0] for word in text.split("${")[1:] if "_PORT" in word.split(":-")[0]}


def until(condition, what, timeout_s=180):
    """For what nobody is told of: asks again until it is so. Each question is a process, which paces them."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")


class TestCase(unittest.TestCase):
    files = ()

    @classmethod
    def setUpClass(cls):
        cls.project = Project(*cls.files)
        cls.addClassCleanup(cls.project.down)
        cls.project.up()

    def run(self, result=None):
        faults = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > faults:
            print(self.project.logs()[-20000:])
