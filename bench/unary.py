"""FindCompatibleSilos as h2load sees it: qvtd beside its peers, interleaved, by what each call costs the server."""

import statistics
from dataclasses import dataclass, field

import h2load
import peers
import tracker
from process import Server, free_port

PATH = "/quark.version.v1.VersionTracker/FindCompatibleSilos"
ACTOR_TYPE = "Acme.Shop.ShoppingCartActor"
VERSION = "2.1.0"
SILOS = 3
REQUEST_BYTES = 36


@dataclass
class Shape:
    connections: int
    streams: int
    target_us: float  # what qvtd must cost at most


SHAPES = [Shape(10, 10, 2.4), Shape(100, 10, 3.0), Shape(1, 100, 2.3), Shape(1000, 1, 18)]


@dataclass
class Figures:
    cpu_us: list = field(default_factory=list)
    rate: list = field(default_factory=list)
    rss_mib: float = 0


def framed(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


class Finder:
    """qvtd with the silos that the answer names."""

    def __init__(self, qvtd, work, messages):
        self.messages = messages
        self.tracker = tracker.Tracker(qvtd, work / "unary", messages)
        self.server = self.tracker.server

    def register_silos(self):
        for number in range(SILOS):
            request = self.messages.RegisterSiloRequest()
            silo = request.silo
            silo.silo_id, silo.address, silo.port = f"silo-{number}", "10.0.0.1", 5000 + number
            silo.instance_id = bytes([number]) * 16
            silo.lease_ttl.FromSeconds(600)
            silo.actor_type_versions[ACTOR_TYPE].version = VERSION
            self.tracker.call("RegisterSilo", request, self.messages.RegisterSiloResponse)

    def request(self):
        message = self.messages.FindCompatibleSilosRequest(actor_type=ACTOR_TYPE, version=VERSION)
        if message.ByteSize() != REQUEST_BYTES:
            raise RuntimeError(f"the request has {message.ByteSize()} bytes, not {REQUEST_BYTES}")
        return message

    def answer(self):
        """The encoded answer, once it is known to be right."""
        answer_type = self.messages.FindCompatibleSilosResponse
        raw, answer = self.tracker.call("FindCompatibleSilos", self.request(), answer_type)
        found = [(silo.silo_id, silo.version) for silo in answer.silos]
        if found != [(f"silo-{number}", VERSION) for number in range(SILOS)]:
            raise RuntimeError(f"qvtd found {found}")
        return raw

    def stop(self):
        self.tracker.stop()


def start_peers(work, answer):
    """Peers by name; what cannot be built or started is reported and left out."""
    file = work / "answer"
    file.write_bytes(framed(answer))
    page = work / "htdocs" / PATH.lstrip("/")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_bytes(framed(answer))

    commands = {
        "raw": lambda port: [peers.build_raw(work), port, file],
        "nghttpd": lambda port: ["nghttpd", "--no-tls", "-d", work / "htdocs", port],
        "gRPC C++ async": lambda port: [peers.build_cpp(work, "cpp_async"), port, file, ACTOR_TYPE],
    }
    started, missing = [], []
    for name, command in commands.items():
        port = free_port()
        try:
            started.append(Server(name, command(port), port, work / f"{name.replace(' ', '-')}.log"))
        except (OSError, RuntimeError, peers.subprocess.CalledProcessError) as fault:
            missing.append(f"{name} did not run: {fault}")
    return started, missing


def measure_once(server, shape, request_file, calls, answer_bytes):
    before = server.cpu_us()
    load = h2load.run(server.port, PATH, request_file, shape.connections, shape.streams, calls)
    cpu_us = (server.cpu_us() - before) / load.total
    if load.succeeded != load.total or load.data_bytes != load.total * answer_bytes:
        raise RuntimeError(
            f"{server.name}: {load.succeeded} of {load.total} calls succeeded, {load.data_bytes} bytes of answers"
        )
    return cpu_us, load.rate


def measure_shape(servers, shape, request_file, rounds, seconds, answer_bytes):
    """Figures by server: a warm-up that also sets the number of calls, then the rounds, servers taking turns."""
    figures = {server.name: Figures() for server in servers}
    calls = {}
    width = shape.connections * shape.streams
    for server in servers:
        _, rate = measure_once(server, shape, request_file, max(4 * width, 10000), answer_bytes)
        calls[server.name] = max(int(rate * seconds), 4 * width)
    for _ in range(rounds):
        for server in servers:
            cpu_us, rate = measure_once(server, shape, request_file, calls[server.name], answer_bytes)
            figures[server.name].cpu_us.append(cpu_us)
            figures[server.name].rate.append(rate)
    for server in servers:
        figures[server.name].rss_mib = server.rss_mib()
    return figures


def print_shape(shape, figures):
    medians = {name: statistics.median(each.cpu_us) for name, each in figures.items()}
    goal = f"qvtd must: {shape.target_us:g} us, or 0.8 x nghttpd"
    print(f"\nunary find, {shape.connections} x {shape.streams} (connections x streams); {goal}")
    print(f"{'':16}{'CPU us/call':>12}{'x raw':>8}{'x nghttpd':>11}{'C++ / it':>10}{'calls/s':>10}{'RSS MiB':>9}")
    for name, each in figures.items():
        cpu = medians[name]
        ratios = [cpu / medians[peer] if peer in medians else float("nan") for peer in ("raw", "nghttpd")]
        under = medians.get("gRPC C++ async", float("nan")) / cpu
        row = f"{name:16}{cpu:12.2f}{ratios[0]:8.2f}{ratios[1]:11.2f}{under:10.1f}"
        row += f"{statistics.median(each.rate):10.0f}{each.rss_mib:9.1f}"
        print(row, flush=True)


def run(bench):
    """Prints a table for every shape; returns what did not run, as sentences."""
    work = bench.work
    finder = Finder(bench.qvtd, work, bench.messages)
    servers, missing = [], []
    try:
        finder.register_silos()
        answer = finder.answer()
        request_file = work / "request"
        request_file.write_bytes(framed(finder.request().SerializeToString()))
        servers, missing = start_peers(work, answer)
        print(f"request {REQUEST_BYTES} bytes, answer {len(answer)} bytes with {SILOS} silos")
        for shape in SHAPES:
            rounds, seconds = (1, 0.3) if bench.quick else (3, 2.0)
            everyone = [finder.server, *servers]
            print_shape(shape, measure_shape(everyone, shape, request_file, rounds, seconds, len(framed(answer))))
            finder.answer()
    finally:
        for server in servers:
            server.stop()
        finder.stop()
    return missing
