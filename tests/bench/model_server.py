"""`python -m tests.bench.model_server --versions paper=DIR twin=DIR`: what the embedded model server makes of its cores.

Three servers stand side by side: without batching, with greedy batching, and with batches that wait 2 ms for company. Each
serves every version in float32 and bfloat16, and one that computes nothing. Rounds alternate over all of them, so that a
busy machine slows all alike; the clients are a process of their own on the same cores. Measured cells are kept in --work
and not measured again: a run that was cut short goes on, and --fresh begins anew.

Of the CPU time of a call, what the version that computes nothing takes with as many clients is the server's own (Python,
gRPC, the copy of 49 KB); the rest is TensorFlow's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import psutil

from serving.local.ports import find_free_port
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from tests.bench.model_server_report import MODES, write_report
from tests.bench.model_server_versions import NOTHING, prepare
from tests.support.model_server_process import ModelServerProcess

PROJECT = Path(__file__).resolve().parents[2]
RESULTS = PROJECT / "serving" / "results"
WORK = PROJECT / ".run" / "bench-model-server"
CLIENTS = (1, 8, 32, 64)
CORES = len(os.sched_getaffinity(0))
BATCHING = (
    "max_batch_size {{ value: 32 }} num_batch_threads {{ value: {cores} }} batch_timeout_micros {{ value: {wait} }}"
)
DEADLINE_SECONDS = 60.0
GOLDEN = "assets.extra/golden.npz"
AT_ONCE = 32
METRICS = {
    "runs": ":tensorflow:core:graph_runs{}",
    "run_microseconds": ":tensorflow:core:graph_run_time_usecs{}",
    "rows": ":tensorflow:serving:batching_session:processed_batch_size_sum{}",
}


@dataclass(frozen=True)
class Plan:
    """How long is measured, and what."""

    rounds: int
    seconds: float
    warm_up_seconds: float
    clients: tuple[int, ...]


class LoadGenerator:
    """The clients, in a process of their own that takes one command after another."""

    def __enter__(self):
        command = [sys.executable, "-m", "tests.bench.model_server_load"]
        self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def run(self, at_both_ends, **command) -> tuple[list, dict]:
        """What `at_both_ends` returns at the beginning and the end of the measured time, and what the clients saw."""
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        seen = []
        while (event := json.loads(self._process.stdout.readline())).pop("event") != "done":
            seen.append(at_both_ends())
        return seen, event


def main() -> int:
    """Measure what is missing, and write JSON, table and picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.model_server", description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--versions", nargs="+", required=True, metavar="NAME=DIR", help="published version directories"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="measured per round and cell (default 1.5)")
    parser.add_argument("--clients", type=lambda text: tuple(map(int, text.split(","))), default=CLIENTS)
    parser.add_argument("--quick", action="store_true", help="one short round, to see that it works")
    parser.add_argument("--server-flag", action="append", default=[], help="passed on to every server; may be repeated")
    parser.add_argument("--work", type=Path, default=WORK, help="graphs and measured cells")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--fresh", action="store_true", help="measure everything again")
    options = parser.parse_args()
    plan = Plan(options.rounds, options.seconds, 0.4, options.clients)
    if options.quick:
        plan = Plan(1, 0.5, 0.2, options.clients[:2])
    versions = {name: Path(directory) for name, _, directory in (text.partition("=") for text in options.versions)}
    options.results.mkdir(parents=True, exist_ok=True)
    models_folder = options.work / "models"
    models = prepare(versions, models_folder)
    cells_path = options.work / "cells.jsonl"
    if options.fresh:
        cells_path.unlink(missing_ok=True)
    about = describe_machine(plan, options.server_flag)
    cells = measure_cells([*models, NOTHING], models_folder, plan, options.server_flag, cells_path)
    report = {
        "about": about,
        "cells": cells,
        "differences": measure_differences(versions, models_folder, options.server_flag),
        "starts": [measure_start(name, models_folder, options.server_flag) for name in [*models, NOTHING]],
    }
    print(write_report(report, options.results))
    return 1 if any(cell["failed"] for cell in cells) else 0


def describe_machine(plan: Plan, server_flags: list[str]) -> dict:
    """What the figures depend on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    cpu = dict(tuple(part.strip() for part in line.split(":", 1)) for line in lines if ":" in line)
    features = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in cpu.get("flags", "").split()]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "cpu": cpu.get("model name", ""),
        "features": features,
        "cores": CORES,
        "load_average_before": os.getloadavg()[0],
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "server_flags": server_flags,
    }


def read_cells(path: Path) -> dict[tuple, dict]:
    """Cells that an earlier run measured."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {key_of(cell): cell for cell in map(json.loads, lines)}


def key_of(cell: dict) -> tuple:
    """What tells one cell from another."""
    return cell["round"], cell["model"], cell["mode"], cell["clients"], cell["seconds"], tuple(cell["server_flags"])


def measure_cells(models, folder: Path, plan: Plan, server_flags, cells_path: Path) -> list[dict]:
    """All cells: those in the file, and what is missing there, which is measured and added to it."""
    cells = read_cells(cells_path)
    wanted = [
        {
            "round": turn,
            "clients": clients,
            "model": model,
            "mode": mode,
            "seconds": plan.seconds,
            "server_flags": server_flags,
        }
        for turn in range(plan.rounds)
        for clients in plan.clients
        for model in models
        for mode in MODES
    ]
    missing = [cell for cell in wanted if key_of(cell) not in cells]
    if not missing:
        return [cells[key_of(cell)] for cell in wanted]
    servers = {mode: start_server(models, folder, mode, server_flags) for mode in MODES}
    with (
        LoadGenerator() as generator,
        servers["unbatched"],
        servers["greedy"],
        servers["waiting"],
        cells_path.open("a") as file,
    ):
        for index, cell in enumerate(missing):
            server = servers[cell["mode"]]
            process = psutil.Process(server.process.pid)
            ends, seen = generator.run(
                lambda process=process, server=server: (process.cpu_times(), scrape(server)),
                address=f"127.0.0.1:{server.port}",
                model=cell["model"],
                clients=cell["clients"],
                warm_up_seconds=plan.warm_up_seconds,
                seconds=plan.seconds,
            )
            (cpu_before, before), (cpu_after, after) = ends
            user, system = (cpu_after[part] - cpu_before[part] for part in (0, 1))
            grown = {name: after[name] - before[name] for name in METRICS}
            cells[key_of(cell)] = (
                cell
                | seen
                | {
                    "cpu_milliseconds": (user + system) / max(1, seen["answered"]) * 1e3,
                    "user_cpu_milliseconds": user / max(1, seen["answered"]) * 1e3,
                    "runs_in_progress": grown["run_microseconds"] / 1e6 / plan.seconds,
                    "rows_per_run": seen["answered"] / max(1.0, grown["runs"]),
                    "load_average": os.getloadavg()[0],
                }
            )
            file.write(json.dumps(cells[key_of(cell)]) + "\n")
            file.flush()
            print(f"\r{index + 1}/{len(missing)} cells", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [cells[key_of(cell)] for cell in wanted]


def start_server(models, folder: Path, mode: str, server_flags) -> ModelServerProcess:
    """A server of these models in this mode, not yet running."""
    config = folder / f"models-{find_free_port()}.config"
    entries = "".join(
        f'config {{ name: "{model}" base_path: "{(folder / model).resolve()}" model_platform: "tensorflow" }} '
        for model in models
    )
    config.write_text(f"model_config_list {{ {entries} }}", encoding="utf-8")
    monitoring = folder / "monitoring.config"
    monitoring.write_text("prometheus_config { enable: true }", encoding="utf-8")
    flags = [
        f"--model_config_file={config}",
        f"--monitoring_config_file={monitoring}",
        "--grpc_max_threads=128",
        "--enable_serialization_as_tensor_content",
        *server_flags,
    ]
    if MODES[mode] is not None:
        batching = folder / f"batching-{mode}.config"
        batching.write_text(BATCHING.format(cores=CORES, wait=MODES[mode]), encoding="utf-8")
        flags += ["--enable_batching", f"--batching_parameters_file={batching}"]
    return ModelServerProcess(*flags)


def scrape(server: ModelServerProcess) -> dict[str, float]:
    """Counters of the server by our names; 0 where it has none yet."""
    page = server.rest("GET", "/monitoring/prometheus/metrics")[2].splitlines()
    values = dict(line.rsplit(" ", 1) for line in page if not line.startswith("#"))
    return {name: float(values.get(line, 0.0)) for name, line in METRICS.items()}


def measure_differences(versions: dict[str, Path], folder: Path, server_flags) -> list[dict]:
    """Largest |dp| on the golden crops: bfloat16 against float32, and float32 against what the version promises."""
    found = []
    for name, directory in versions.items():
        golden = np.load(directory / GOLDEN)
        models = [f"{name}-{precision}" for precision in ("float32", "bfloat16")]
        with start_server(models, folder, "unbatched", server_flags) as server:
            exact, rounded = (predict_all(server.client, model, golden["crops"]) for model in models)
        found.append(
            {
                "version": name,
                "crops": len(golden["crops"]),
                "bfloat16_to_float32": float(np.abs(rounded - exact).max()),
                "float32_to_golden": float(np.abs(exact - golden["p_no_depression"].ravel()).max()),
            }
        )
    return found


def predict_all(client: ModelServerClient, model: str, crops: np.ndarray) -> np.ndarray:
    """p of all crops, through the server."""
    parts = [
        client.predict(model, None, {"crop": crops[first : first + AT_ONCE]}, DEADLINE_SECONDS).outputs[
            "p_no_depression"
        ]
        for first in range(0, len(crops), AT_ONCE)
    ]
    return np.concatenate([np.asarray(part, np.float64).ravel() for part in parts])


def measure_start(model: str, folder: Path, server_flags) -> dict:
    """From the start of a process to its first answer, and what it holds in memory then and after 300 more."""
    began = time.monotonic()
    with start_server([model], folder, "greedy", server_flags) as server:
        crop = np.zeros((1, 128, 128, 3), np.uint8)
        # A channel of its own: the one of the test's server waits between attempts to connect.
        with open_channel(f"127.0.0.1:{server.port}") as channel:
            client = ModelServerClient(channel)
            client.predict(model, None, {"crop": crop}, DEADLINE_SECONDS, wait_for_ready=True)
            seconds = time.monotonic() - began
            process = psutil.Process(server.process.pid)
            first = process.memory_info().rss
            for _ in range(300):
                client.predict(model, None, {"crop": crop}, DEADLINE_SECONDS)
        return {
            "model": model,
            "seconds_to_first_answer": seconds,
            "resident_mebibytes_at_first_answer": first / 2**20,
            "resident_mebibytes_after_300_answers": process.memory_info().rss / 2**20,
        }


if __name__ == "__main__":
    sys.exit(main())
