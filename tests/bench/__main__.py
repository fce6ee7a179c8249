"""`make bench`: what a photo costs here, and how the served system compares with the naive Flask app, in one run.

Figures are ratios measured in one run on one machine, the load generator on the same cores; differences under 20 % are
noise. Closed loop: throughput only, no statement about latency at a given arrival rate (that is the load tests' work).
"""

import argparse
import dataclasses
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from serving.local.ports import LocalPorts, find_free_port
from serving.local.processes import ProcessGroup, http_answers
from serving.local.stack import Interpreters, start_gateway, start_model_server
from tests.bench.closed_loop import LoadResult, run_clients
from tests.bench.gateway_footprint import measure_footprint
from tests.bench.machine import commit_of_tree, machine_facts
from tests.bench.photos import make_photos
from tests.bench.stage_costs import measure_stages
from tests.bench.versions import build_version

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = (1, 8, 32)
ENVIRONMENTS = ROOT / ".venv"


def main() -> int:
    """Run everything, print the tables, write the raw results where asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of load per row")
    parser.add_argument("--arch", default="paper", help="architecture on both sides")
    parser.add_argument("--save", type=Path, help="also write raw results and machine facts as JSON")
    arguments = parser.parse_args()
    if arguments.save:
        arguments.save.touch()  # a path that cannot be written is found out now, not after the measuring
    photos = make_photos()
    with (
        tempfile.TemporaryDirectory(prefix="symmetra-bench-") as folder_name,
        ProcessGroup(Path(folder_name) / "logs") as group,
    ):
        folder = Path(folder_name)
        version, keras_file = build_version(folder / "models", arguments.arch)
        ports = LocalPorts(*(find_free_port() for _ in dataclasses.fields(LocalPorts)))
        naive_port = find_free_port()
        python = Interpreters.of_environments(ENVIRONMENTS)
        start_model_server(group, python.serving, folder / "models", ports)
        costs = measure_stages(photos, ports.model_server_port, version)
        start_gateway(group, python.gateway, folder / "models", ports)
        start_naive_app(group, keras_file, naive_port)
        rows: dict[str, list[LoadResult]] = {"symmetra": [], "naive": []}
        for clients in CLIENTS:
            # Side by side in time, so that a busy machine slows both.
            for name, port, path in (("symmetra", ports.port, "/v1/screenings"), ("naive", naive_port, "/predict")):
                run_clients(port, path, photos.webcam, clients, min(2.0, arguments.seconds))
                rows[name].append(run_clients(port, path, photos.webcam, clients, arguments.seconds))
    footprint = measure_footprint(ENVIRONMENTS / "gateway" / "bin" / "python")
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit_of_tree(),
        "machine": machine_facts(),
        "architecture": arguments.arch,
        "photo_bytes": {"webcam": len(photos.webcam), "phone": len(photos.phone)},
        "stage_milliseconds": dataclasses.asdict(costs),
        "throughput": {
            name: [dataclasses.asdict(row) | {"photos_per_second": row.photos_per_second} for row in results]
            for name, results in rows.items()
        },
        "footprint": dataclasses.asdict(footprint),
    }
    print_report(report, rows)
    if arguments.save:
        arguments.save.write_text(json.dumps(report, indent=2) + "\n")
    # Refusals in a closed loop of 32 clients would mean that the stack's own limits do not fit together.
    return 1 if any(row.refused for results in rows.values() for row in results) else 0


def start_naive_app(group: ProcessGroup, keras_file: Path, port: int) -> None:
    """Start the baseline in this environment, which has both Flask and Keras; no component needs both."""
    script = Path(__file__).with_name("naive_flask_app.py")
    command = [sys.executable, script, f"--model={keras_file}", f"--port={port}"]
    group.start("naive", command, {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    group.wait_until("naive", lambda: http_answers(f"http://127.0.0.1:{port}/"), timeout_seconds=120.0)


def print_report(report: dict, rows: dict[str, list[LoadResult]]) -> None:
    """Print tables for a person."""
    machine, costs, footprint = report["machine"], report["stage_milliseconds"], report["footprint"]
    print(f"\nSymmetra bench, {report['at']}, commit {report['commit']}, {machine['cores']} cores, {machine['cpu']}")
    print(f"architecture {report['architecture']}; 640x480 photo of {report['photo_bytes']['webcam']} bytes\n")
    print("cost per photo, one at a time           milliseconds")
    for label, key in (
        ("decode, 640x480", "decode_webcam"),
        ("decode, 12 megapixels, scaled", "decode_phone"),
        ("decode, 12 megapixels, in full", "decode_phone_in_full"),
        ("face (find, judge, align)", "face"),
        ("forward, batch 1, gRPC hop included", "forward_batch_1"),
        ("forward, batch 32, per photo", "forward_batch_32"),
    ):
        print(f"  {label:<38}{costs[key]:10.2f}")
    print(f"  {'end to end over HTTP, 1 client, p50':<38}{rows['symmetra'][0].p50_milliseconds:10.2f}")
    print(f"  12 megapixels: scaled / full decode = {costs['decode_phone'] / costs['decode_phone_in_full']:.2f}")
    print("\nthroughput, photos/s      symmetra (face stage on)     naive Flask (no face stage)     ratio")
    for ours, naive in zip(rows["symmetra"], rows["naive"], strict=True):
        ratio = ours.photos_per_second / naive.photos_per_second
        print(
            f"  {ours.clients:>3} clients {ours.photos_per_second:>12.1f}  p95 {ours.p95_milliseconds:>7.1f} ms"
            f"{naive.photos_per_second:>14.1f}  p95 {naive.p95_milliseconds:>8.1f} ms{ratio:>13.1f}"
        )
        if ours.refused or naive.refused:
            print(f"      refused: symmetra {ours.refused}, naive {naive.refused}")
    print(f"\ngateway import / import of its libraries alone: {footprint['import_ratio']:.2f}")
    print(f"gateway resident memory with one detector per core: {footprint['resident_mebibytes']:.0f} MiB")


if __name__ == "__main__":
    sys.exit(main())
