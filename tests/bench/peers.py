"""The served system beside what most people write, on the same cores and in turns: `python -m tests.bench.peers`.

Five systems answer the same photo of 640x480 pixels for clients in a closed loop, one system at a time, in turns over several
rounds; the figures are medians over the rounds. Two of them are not ours: `model.predict` in Flask's own server, and Flask with
TensorFlow in one process under gunicorn's threads. Those find no face, so ours also runs with the crop `whole`, as the paper did.
The spread of a ratio over the rounds is the noise of this run. Writes `peers.json`, `peers.md` and `peers.svg`.
"""

import argparse
import dataclasses
import json
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from serving.local.ports import LocalPorts, find_free_port
from serving.local.processes import ProcessGroup, http_answers
from serving.local.stack import Interpreters, start_gateway, start_model_server
from tests.bench.closed_loop import LoadResult, run_clients
from tests.bench.machine import commit_of_tree, machine_facts
from tests.bench.peers_report import draw_bars, write_page
from tests.bench.photos import make_photos
from tests.bench.versions import build_version

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".venv"
THREADS = 32
"""Of gunicorn: one for each client."""
WARM_UP_SECONDS = 2.0


@dataclass(frozen=True)
class System:
    """What answers photos.

    Attributes:
        name: For people.
        port: On 127.0.0.1.
        path: That photos are sent to.
    """

    name: str
    port: int
    path: str


@dataclass(frozen=True)
class Round:
    """What one system did in one round."""

    system: str
    load: LoadResult
    busy: float
    """Share of all cores, the clients included."""


def main() -> int:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0, help="of load per system and round")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="peers.json, .md and .svg go there")
    arguments = parser.parse_args()
    if arguments.save:
        arguments.save.mkdir(parents=True, exist_ok=True)
    before = machine_facts()
    photo = make_photos().webcam
    with tempfile.TemporaryDirectory(prefix="symmetra-peers-") as name, ProcessGroup(Path(name) / "logs") as group:
        systems = start_systems(group, Path(name))
        rounds = [
            measure(system, photo, arguments.clients, arguments.seconds)
            for number in range(arguments.rounds)
            for system in say_round(number, systems)
        ]
    report = summarise(rounds, [system.name for system in systems]) | {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit_of_tree(),
        "machine": before,
        "workload": f"closed loop, {arguments.clients} clients, {len(photo)} bytes, 640x480",
        "seconds": arguments.seconds,
    }
    page = write_page(report)
    print(page)
    if arguments.save:
        (arguments.save / "peers.json").write_text(json.dumps(report, indent=1) + "\n")
        (arguments.save / "peers.md").write_text(page)
        (arguments.save / "peers.svg").write_text(draw_bars(report))
    return 0


def say_round(number: int, systems: list[System]) -> list[System]:
    """The systems in the order of a round: turned each time, so that none always follows the same one."""
    print(f"round {number + 1}", file=sys.stderr)
    turn = number % len(systems)
    return systems[turn:] + systems[:turn]


def measure(system: System, photo: bytes, clients: int, seconds: float) -> Round:
    """One round of one system, after a little warming up."""
    run_clients(system.port, system.path, photo, clients, WARM_UP_SECONDS)
    psutil.cpu_percent()
    load = run_clients(system.port, system.path, photo, clients, seconds)
    return Round(system.name, load, psutil.cpu_percent() / 100)


def start_systems(group: ProcessGroup, folder: Path) -> list[System]:
    """Start all five: ours with three models, and the two that are not ours."""
    python = Interpreters.of_environments(ENVIRONMENTS)
    systems: list[System] = []
    keras_file = Path()
    for name, architecture, crop_kind in (
        ("ours, paper's CNN, faces aligned", "paper", "aligned"),
        ("ours, paper's CNN, crop whole", "paper", "whole"),
        ("ours, twin, crop whole", "twin", "whole"),
    ):
        repository = folder / f"{architecture}-{crop_kind}"
        _, made = build_version(repository, architecture, crop_kind)
        keras_file = made if architecture == "paper" else keras_file
        ports = LocalPorts(*(find_free_port() for _ in dataclasses.fields(LocalPorts)))
        start_model_server(group, python.serving, repository, ports)
        start_gateway(group, python.gateway, repository, ports)
        systems.append(System(name, ports.port, "/v1/screenings"))
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "BENCH_KERAS_FILE": str(keras_file)}
    naive, gunicorn = find_free_port(), find_free_port()
    script = Path(__file__).with_name("naive_flask_app.py")
    group.start("naive", [sys.executable, script, f"--model={keras_file}", f"--port={naive}"], quiet)
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        f"--bind=127.0.0.1:{gunicorn}",
        "--worker-class=gthread",
        f"--threads={THREADS}",
    ]
    group.start("in-process", [*command, "tests.bench.in_process_flask_app:create_app()"], quiet)
    for process, port in (("naive", naive), ("in-process", gunicorn)):
        address = f"http://127.0.0.1:{port}/"
        group.wait_until(process, lambda address=address: http_answers(address), timeout_seconds=120.0)
    return [
        *systems,
        System("Flask and TensorFlow in one process, gunicorn threads", gunicorn, "/predict"),
        System("Flask and model.predict, Flask's own server", naive, "/predict"),
    ]


def summarise(rounds: list[Round], names: list[str]) -> dict:
    """Raw rounds, medians, and the ratios that the budgets are stated for, each with its smallest and largest round."""
    raw = {name: [each for each in rounds if each.system == name] for name in names}
    rates = {name: [each.load.photos_per_second for each in of_one] for name, of_one in raw.items()}
    aligned, whole, twin, in_process, naive = (rates[name] for name in names)
    return {
        "systems": {
            name: {
                "photos_per_second": statistics.median(rates[name]),
                "p95_milliseconds": statistics.median(each.load.p95_milliseconds for each in of_one),
                "busy": statistics.median(each.busy for each in of_one),
                "refused": sum(each.load.refused for each in of_one),
                "rounds": [dataclasses.asdict(each.load) | {"busy": each.busy} for each in of_one],
            }
            for name, of_one in raw.items()
        },
        "ratios": {
            "crop whole / naive": ratio_of(whole, naive) | {"bar": 12.0},
            "crop whole / in one process": ratio_of(whole, in_process) | {"bar": 1.5},
            "twin / paper's CNN, crop whole, end to end": ratio_of(twin, whole) | {"bar": None},
            "faces aligned / naive (which finds no face)": ratio_of(aligned, naive) | {"bar": None},
        },
    }


def ratio_of(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """Of the same rounds, one by one: median, smallest, largest."""
    each = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {"median": statistics.median(each), "smallest": min(each), "largest": max(each)}


if __name__ == "__main__":
    sys.exit(main())
