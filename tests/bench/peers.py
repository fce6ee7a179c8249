"""The served system beside what most people write, on the same cores and in turns: `python -m tests.bench.peers`.

Five systems answer the same photo of 640x480 pixels for clients in a closed loop, one system at a time, in turns over several
rounds; the figures are medians over the rounds. Two of them are not ours: `model.predict` in Flask's own server, and Flask with
TensorFlow in one process under gunicorn's threads. Those find no face, so ours also runs with the crop `whole`, as the paper did.
The spread of a ratio over the rounds is the noise of this run. Writes `peers.json`, `peers.md` and `peers.svg`; with `--again`
`peers_again.json`, and says whether it shows the same as `peers.json` (`tests.bench.reproduced`). About eight minutes each.
"""

import argparse
import dataclasses
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from serving.local.ports import LocalPorts, find_free_port
from serving.local.processes import ProcessGroup, http_answers
from serving.local.stack import Interpreters, start_gateway, start_model_server
from tests.bench.closed_loop import LoadResult, run_clients
from tests.bench.machine import describe_model, envelope
from tests.bench.peers_report import draw_bars, write_page
from tests.bench.photos import make_photos
from tests.bench.ratios import Ratio, ratios_of
from tests.bench.reproduced import compare_files
from tests.bench.versions import build_version

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".venv"
THREADS = 32
"""Of gunicorn: one for each client."""
WARM_UP_SECONDS = 2.0
ALIGNED = "ours, paper's CNN, faces aligned"
WHOLE = "ours, paper's CNN, crop whole"
TWIN = "ours, twin, crop whole"
IN_PROCESS = "Flask and TensorFlow in one process, gunicorn threads"
NAIVE = "Flask and model.predict, Flask's own server"
RATIOS = (
    Ratio("crop whole / naive", WHOLE, NAIVE, 12.0),
    Ratio("crop whole / in one process", WHOLE, IN_PROCESS, 1.5),
    Ratio("twin / paper's CNN, crop whole, end to end", TWIN, WHOLE),
    Ratio("faces aligned / naive (which finds no face)", ALIGNED, NAIVE),
)
"""With the bars that are stated for them."""


@dataclass(frozen=True)
class System:
    """What answers photos.

    Attributes:
        name: For people.
        port: On 127.0.0.1.
        path: That photos are sent to.
        model_server_port: Of its model server; 0 where it has none.
    """

    name: str
    port: int
    path: str
    model_server_port: int = 0


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
    parser.add_argument("--seconds", type=float, default=12.0, help="of load per system and round")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="peers.json, .md and .svg go there")
    parser.add_argument(
        "--again", action="store_true", help="peers_again.json goes there, to be held against peers.json"
    )
    arguments = parser.parse_args()
    if arguments.again and not (arguments.save and (arguments.save / "peers.json").exists()):
        parser.error("--again wants the folder of an earlier peers.json: --save FOLDER")
    if arguments.save:
        arguments.save.mkdir(parents=True, exist_ok=True)
    report = measure_all(arguments.rounds, arguments.seconds, arguments.clients)
    page = write_page(report)
    print(page)
    if arguments.again:
        again = arguments.save / "peers_again.json"
        again.write_text(json.dumps(report, indent=1) + "\n")
        return compare_files(arguments.save / "peers.json", again, sys.stdout)
    if arguments.save:
        (arguments.save / "peers.json").write_text(json.dumps(report, indent=1) + "\n")
        (arguments.save / "peers.md").write_text(page)
        (arguments.save / "peers.svg").write_text(draw_bars(report))
    return 0


def measure_all(rounds: int, seconds: float, clients: int) -> dict:
    """All systems in turns: the envelope, every round, and what they come to."""
    photo = make_photos().webcam
    workload = {
        "type": "closed loop", "clients": clients, "rounds": rounds, "seconds": seconds, "photo": "640x480",
        "photo_bytes": len(photo),
    }  # fmt: skip
    report = envelope("peers", workload)
    with tempfile.TemporaryDirectory(prefix="symmetra-peers-") as name, ProcessGroup(Path(name) / "logs") as group:
        systems, models = start_systems(group, Path(name))
        measured = [
            measure(system, photo, clients, seconds)
            for number in range(rounds)
            for system in say_round(number, systems)
        ]
    return report | {"models": models} | summarise(measured, [system.name for system in systems])


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


def start_systems(group: ProcessGroup, folder: Path) -> tuple[list[System], dict[str, dict[str, object]]]:
    """Start all five, ours with three models and the two that are not ours, and say which model each has."""
    python = Interpreters.of_environments(ENVIRONMENTS)
    systems: list[System] = []
    models: dict[str, dict[str, object]] = {}
    keras_file = Path()
    for name, architecture, crop_kind in (
        (ALIGNED, "paper", "aligned"),
        (WHOLE, "paper", "whole"),
        (TWIN, "twin", "whole"),
    ):
        repository = folder / f"{architecture}-{crop_kind}"
        _, made = build_version(repository, architecture, crop_kind)
        keras_file = made if architecture == "paper" else keras_file
        ports = LocalPorts(*(find_free_port() for _ in dataclasses.fields(LocalPorts)))
        start_model_server(group, python.serving, repository, ports)
        start_gateway(group, python.gateway, repository, ports)
        systems.append(System(name, ports.port, "/v1/screenings", ports.model_server_port))
        models[name] = describe_model(repository, architecture)
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
    models |= dict.fromkeys((IN_PROCESS, NAIVE), models[WHOLE] | {"file": "model.keras"})
    peers = [System(IN_PROCESS, gunicorn, "/predict"), System(NAIVE, naive, "/predict")]
    return [*systems, *peers], models


def summarise(rounds: list[Round], names: list[str]) -> dict:
    """Raw rounds, medians, and the ratios that the budgets are stated for, each with its smallest and largest round."""
    raw = {name: [each for each in rounds if each.system == name] for name in names}
    rates = {name: [each.load.photos_per_second for each in of_one] for name, of_one in raw.items()}
    systems: Mapping[str, dict] = {
        name: {
            "photos_per_second": statistics.median(rates[name]),
            "p95_milliseconds": statistics.median(each.load.p95_milliseconds for each in of_one),
            "busy": statistics.median(each.busy for each in of_one),
            "refused": sum(each.load.refused for each in of_one),
            "rounds": [dataclasses.asdict(each.load) | {"busy": each.busy} for each in of_one],
        }
        for name, of_one in raw.items()
    }
    return {"systems": systems, "ratios": ratios_of(systems, RATIOS)}


if __name__ == "__main__":
    sys.exit(main())
