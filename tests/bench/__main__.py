"""`make bench`: what a photo costs here, and how the served system compares with what most people write, in one run.

Figures are ratios measured in one run on one machine, the load generator on the same cores; each says how far it can be off. Closed
loop: throughput only, no statement about latency at a given arrival rate (that is the load tests' work). The systems take turns
over five rounds (`tests.bench.peers`). Two runs are held against each other by `python -m tests.bench.reproduced A.json B.json`.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from serving.local.processes import ProcessGroup
from tests.bench.closed_loop import run_clients
from tests.bench.gateway_footprint import measure_footprint
from tests.bench.machine import envelope
from tests.bench.peers import ALIGNED, ENVIRONMENTS, measure, say_round, start_systems, summarise
from tests.bench.peers_report import table_of_ratios, table_of_systems
from tests.bench.photos import make_photos
from tests.bench.stage_costs import measure_stages


def main() -> int:
    """Run everything, print the tables, write the raw results where asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=12.0, help="of load per system and round")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--save", type=Path, metavar="FILE", help="also write raw results and machine facts as JSON")
    arguments = parser.parse_args()
    if arguments.save:
        arguments.save.touch()  # a path that cannot be written is found out now, not after the measuring
    photos = make_photos()
    workload = {
        "type": "closed loop", "clients": arguments.clients, "rounds": arguments.rounds, "seconds": arguments.seconds,
        "photo": "640x480", "photo_bytes": len(photos.webcam), "phone_photo_bytes": len(photos.phone),
    }  # fmt: skip
    report = envelope("bench", workload)
    with tempfile.TemporaryDirectory(prefix="symmetra-bench-") as name, ProcessGroup(Path(name) / "logs") as group:
        systems, models = start_systems(group, Path(name))
        aligned = next(system for system in systems if system.name == ALIGNED)
        costs = measure_stages(photos, aligned.model_server_port, models[ALIGNED]["version"])
        alone = run_clients(aligned.port, aligned.path, photos.webcam, 1, arguments.seconds)
        rounds = [
            measure(system, photos.webcam, arguments.clients, arguments.seconds)
            for number in range(arguments.rounds)
            for system in say_round(number, systems)
        ]
    footprint = measure_footprint(ENVIRONMENTS / "gateway" / "bin" / "python")
    report |= {"models": models} | summarise(rounds, [system.name for system in systems])
    report |= {
        "stage_milliseconds": dataclasses.asdict(costs),
        "one_client": dataclasses.asdict(alone),
        "footprint": dataclasses.asdict(footprint),
    }
    print_report(report)
    if arguments.save:
        arguments.save.write_text(json.dumps(report, indent=1) + "\n")
    # Refusals in a closed loop of 32 clients would mean that the stack's own limits do not fit together.
    return 1 if any(row["refused"] for row in report["systems"].values()) else 0


def print_report(report: dict) -> None:
    """Print tables for a person."""
    machine, costs, footprint = report["machine"], report["stage_milliseconds"], report["footprint"]
    workload = report["workload"]
    print(f"\nSymmetra bench, {report['at']}, commit {report['commit']}, {machine['cores']} cores, {machine['cpu']}")
    print(f"{workload['photo']} photo of {workload['photo_bytes']} bytes; load before {machine['load_before']:.1f}\n")
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
    print(f"  {'end to end over HTTP, 1 client, p50':<38}{report['one_client']['p50_milliseconds']:10.2f}")
    print(f"  12 megapixels: scaled / full decode = {costs['decode_phone'] / costs['decode_phone_in_full']:.2f}\n")
    print("\n".join([*table_of_systems(report), "", *table_of_ratios(report)]))
    print(f"\ngateway import / import of its libraries alone: {footprint['import_ratio']:.2f}")
    print(f"gateway resident memory with one detector per core: {footprint['resident_mebibytes']:.0f} MiB")


if __name__ == "__main__":
    sys.exit(main())
