"""Which shape of the gateway is the cheapest: worker, model server hop, crop threads, switch interval; as CPU per photo.

`python -m tests.bench.gateway_shapes` runs every shape in turn, several rounds, with 32 clients in a closed loop, and takes the
median round. CPU seconds of threads are what is compared, not photos per second: on a shared machine the clock tells more
about the neighbours. Even CPU seconds depend on them (caches, hyper-threads), so what the gateway spends beyond decode,
face and RPC is also given in crops: crops of the same run, which the neighbours slow alike. Crops are made by threads of
their own, and so are calls; what the others of the process spend is beyond. Writes `gateway_shapes.json` and `.md`.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import INPUT_TENSOR, MODEL_NAME, CropSpec
from serving.local.stack import MODEL_SERVER_GRPC_THREADS
from serving.repository import ModelRepository
from serving.repository.promotion import write_first_config
from serving.repository.repository import SERVED_NAME
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from tests.bench.closed_loop import run_clients
from tests.bench.machine import commit_of_tree, machine_facts
from tests.bench.photos import make_photos
from tests.bench.versions import build_version
from tests.support.gateway_process import GatewayProcess, wait_until
from tests.support.model_server_process import ModelServerProcess

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 32
FORWARD_BATCH = 16
CALLS = 20
THREADS = {"crop": "crop", "predict": "rpc", "grpc": "rpc", "(chan": "rpc"}
"""What threads do that have this in their names; whatever else runs in the process is beyond decode, face and RPC."""


@dataclass(frozen=True)
class Shape:
    """One way to run the gateway; the first is the one that is shipped."""

    name: str
    worker: str = "gevent"
    switch_milliseconds: float = 5.0
    cores: int = 2
    unix_socket: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """For `tests.bench.shaped_gateway`."""
        return {"BENCH_WORKER": self.worker, "BENCH_SWITCH_SECONDS": str(self.switch_milliseconds / 1000)}


SHAPES = (
    Shape("shipped: gevent, TCP, 2 crop threads, 5 ms"),
    Shape("unix socket to the model server", unix_socket=True),
    Shape("1 crop thread", cores=1),
    Shape("4 crop threads", cores=4),
    Shape("switch interval 1 ms", switch_milliseconds=1.0),
    Shape("switch interval 20 ms", switch_milliseconds=20.0),
    Shape("threads (gthread) in place of gevent", worker="gthread"),
)


@dataclass(frozen=True)
class Row:
    """One round of one shape; CPU in milliseconds per photo."""

    shape: str
    photos_per_second: float
    p50_milliseconds: float
    p95_milliseconds: float
    refused: int
    crop_cpu: float
    rpc_cpu: float
    beyond: float
    model_server_cpu: float
    forward_cpu: float

    @property
    def gateway_cpu(self) -> float:
        """Of all threads."""
        return self.crop_cpu + self.rpc_cpu + self.beyond

    @property
    def beyond_in_crops(self) -> float:
        """What is beyond, in crops of this run."""
        return self.beyond / self.crop_cpu

    @property
    def useful_share(self) -> float:
        """Of all CPU of gateway and model server, what decode, face and forward take."""
        return (self.crop_cpu + self.forward_cpu) / (self.gateway_cpu + self.model_server_cpu)


def seconds_by_thread(process: psutil.Process) -> Counter[str]:
    """CPU seconds so far of a shaped gateway's threads by what they do; their names are those of `tests.bench.shaped_gateway`."""
    seconds: Counter[str] = Counter()
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        on_cpu_nanoseconds = int((task / "schedstat").read_text().split()[0])
        work = next((work for part, work in THREADS.items() if part in name), "beyond")
        seconds[work] += on_cpu_nanoseconds / 1e9
    return seconds


@contextmanager
def cpu_of(process: psutil.Process) -> Generator[list[float], None, None]:
    """CPU seconds that a process takes during the block, as the only element once it has ended."""
    taken: list[float] = []
    before = process.cpu_times()
    yield taken
    after = process.cpu_times()
    taken.append(after.user + after.system - before.user - before.system)


def forward_milliseconds(client: ModelServerClient, version: int, crops, model_server: psutil.Process) -> float:
    """CPU of the model server per crop of a Predict of them all, one call at a time."""
    with cpu_of(model_server) as server:
        for _ in range(CALLS):
            client.predict(MODEL_NAME, version, {INPUT_TENSOR: crops}, deadline_seconds=60.0)
    return server[0] / CALLS / len(crops) * 1000


class Bench:
    """The model server and what is measured at it.

    Args:
        repository: Root of the model repository.
        addresses: Of the model server: over its unix socket, and over TCP.
        process: Of the model server.
        photo: What clients send.
    """

    def __init__(self, repository: Path, addresses: dict[bool, str], process: psutil.Process, photo: bytes) -> None:
        self._repository = repository
        self._addresses = addresses
        self._process = process
        self._photo = photo
        self._version = ModelRepository(repository, MODEL_NAME).pin().version
        self._crops = make_crop(photo, CropSpec(), FaceDetector()).crop[None].repeat(FORWARD_BATCH, axis=0)

    def measure(self, shape: Shape, seconds: float) -> Row:
        """One round of one shape."""
        address = self._addresses[shape.unix_socket]
        with open_channel(address) as channel:
            forward = forward_milliseconds(ModelServerClient(channel), self._version, self._crops, self._process)
        settings = {"cores": shape.cores, "max_in_flight": CLIENTS + 8}
        with GatewayProcess(
            self._repository, address, program="tests.bench.shaped_gateway", environment=shape.environment, **settings
        ) as gateway:
            wait_until(lambda: gateway.request("GET", "/readyz/model")[0] == 200)
            run_clients(gateway.port, "/v1/screenings", self._photo, CLIENTS, 2.0)
            before = seconds_by_thread(gateway.worker())
            with cpu_of(self._process) as server:
                load = run_clients(gateway.port, "/v1/screenings", self._photo, CLIENTS, seconds)
            spent = seconds_by_thread(gateway.worker()) - before
        return Row(
            shape=shape.name,
            photos_per_second=load.photos_per_second,
            p50_milliseconds=load.p50_milliseconds,
            p95_milliseconds=load.p95_milliseconds,
            refused=load.refused,
            crop_cpu=spent["crop"] / load.answered * 1000,
            rpc_cpu=spent["rpc"] / load.answered * 1000,
            beyond=spent["beyond"] / load.answered * 1000,
            model_server_cpu=server[0] / load.answered * 1000,
            forward_cpu=forward,
        )


def start_model_server(repository: Path, socket_path: Path) -> ModelServerProcess:
    """The embedded model server as it is deployed, on TCP and on a unix socket."""
    models = ModelRepository(repository, MODEL_NAME)
    write_first_config(models, served_from=str(models.directory))
    return ModelServerProcess(
        f"--model_config_file={models.directory / SERVED_NAME}",
        f"--grpc_socket_path={socket_path}",
        f"--grpc_max_threads={MODEL_SERVER_GRPC_THREADS}",
        "--enable_batching=true",
        f"--batching_parameters_file={ROOT / 'serving' / 'deploy' / 'batching.config'}",
    )


def median_of(rows: list[Row], name: str) -> float:
    """Of one figure over the rounds of one shape."""
    return statistics.median(getattr(row, name) for row in rows)


def report_as_markdown(report: dict, rows: dict[str, list[Row]]) -> str:
    """The table, and the two bars of the shape that is shipped."""
    machine = report["machine"]
    columns = ("shape", "photos/s", "p50 ms", "p95 ms", "decode and face, CPU ms", "RPC, CPU ms", "beyond, CPU ms",
               "beyond, in crops", "model server, CPU ms", "useful share of CPU")  # fmt: skip
    lines = [
        "# Shapes of the gateway",
        "",
        __doc__.split("\n\n")[1].replace("\n", " "),
        "",
        (
            f"{report['at']}, commit {report['commit']}, {machine['cores']} cores, {machine['cpu']}, load before"
            f" {machine['load_before']:.1f}; architecture {report['architecture']}, {report['rounds']} rounds of {report['seconds']} s."
        ),
        "",
        f"| {' | '.join(columns)} |",
        "| --- " * len(columns) + "|",
    ]
    for shape, rounds in rows.items():
        figures = [f"{median_of(rounds, name):.{digits}f}" for name, digits in (
            ("photos_per_second", 1), ("p50_milliseconds", 0), ("p95_milliseconds", 0), ("crop_cpu", 2),
            ("rpc_cpu", 2), ("beyond", 2), ("beyond_in_crops", 2), ("model_server_cpu", 2), ("useful_share", 2),
        )]  # fmt: skip
        lines.append(f"| {shape} | {' | '.join(figures)} |")
    shipped = rows[SHAPES[0].name]
    beyond, share, crop = (median_of(shipped, name) for name in ("beyond", "useful_share", "crop_cpu"))
    lines += [
        "",
        (
            f"- CPU per photo beyond decode, face and RPC: {beyond:.2f} ms, where a crop alone took {crop:.2f} ms; bar: at most 1 ms;"
            f" {'met' if beyond <= 1 else 'NOT met'}"
        ),
        (
            f"- (decode + face + forward) / all CPU of gateway and model server, {CLIENTS} clients: {share:.2f}; bar: at least 0.70;"
            f" {'met' if share >= 0.7 else 'NOT met'}"
        ),
        f"- forward: what the model server takes per photo of a Predict of {FORWARD_BATCH}, its own share of that call included.",
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gateway_shapes", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of load per round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--arch", default="paper", help="architecture of the model")
    parser.add_argument("--results", type=Path, default=ROOT / "loadtests" / "results")
    arguments = parser.parse_args()
    photo = make_photos().webcam
    rows: dict[str, list[Row]] = {shape.name: [] for shape in SHAPES}
    report: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit_of_tree(),
        "machine": machine_facts(),
        "architecture": arguments.arch,
        "seconds": arguments.seconds,
        "rounds": arguments.rounds,
    }
    with tempfile.TemporaryDirectory(prefix="symmetra-shapes-") as name:
        folder = Path(name)
        build_version(folder / "models", arguments.arch)
        socket_path = folder / "model-server.sock"
        with start_model_server(folder / "models", socket_path) as server:
            addresses = {False: f"127.0.0.1:{server.port}", True: f"unix:{socket_path}"}
            bench = Bench(folder / "models", addresses, psutil.Process(server.process.pid), photo)
            for _ in range(arguments.rounds):
                for shape in SHAPES:  # in turn, so that a busy minute of the machine meets all of them
                    row = bench.measure(shape, arguments.seconds)
                    rows[shape.name].append(row)
                    print(row, flush=True)
    report["rows"] = [dataclasses.asdict(row) for rounds in rows.values() for row in rounds]
    (arguments.results / "gateway_shapes.json").write_text(json.dumps(report, indent=1) + "\n")
    text = report_as_markdown(report, rows)
    (arguments.results / "gateway_shapes.md").write_text(text)
    print("\n" + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
