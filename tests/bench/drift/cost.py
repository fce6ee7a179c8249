"""What the drift controller costs: time per update, time per look, memory with ten versions at ten sites.

python -m tests.bench.drift.cost --save monitoring/results
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from monitoring.controller.controller import Controller
from monitoring.controller.followed_signal import FollowedSignal
from monitoring.controller.places import Place
from monitoring.controller.watch import Watch, WatchSettings
from monitoring.drift.detector import Detector
from tests.support.scripted_counters import SHARES, SIGNALS, Pod, ScriptedCounters, make_references

VERSIONS = SITES = 10
PODS_PER_SITE = 2
LOOKS = 20


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="drift_cost.json goes there")
    arguments = parser.parse_args()
    found = {"schema": "symmetra.bench-drift-cost/1", "measured": datetime.now(UTC).isoformat(timespec="seconds")}
    found |= update_microseconds() | controller_cost()
    text = json.dumps(found, indent=1)
    print(text)
    if arguments.save is not None:
        (arguments.save / "drift_cost.json").write_text(text + "\n")


def update_microseconds() -> dict[str, float]:
    """Median of one signal's detector alone, of it with its onset, and of all five of a place."""
    rng, references = np.random.default_rng(1), make_references()
    counts = {signal: rng.multinomial(50, SHARES[signal]).astype(float) for signal in SIGNALS}
    detector = Detector(references["severity"])
    followed = FollowedSignal.new(references["severity"], 0.0)
    watch = Watch(Place("", "7"), WatchSettings(stated_per_day=2_000), 0.0)
    watch.expect(references)

    def place() -> None:
        watch.count(counts, 50.0, 1.0)
        watch.update(1.0, 1.0)

    return {
        "detector_update_microseconds": _median(lambda: detector.update(counts["severity"])),
        "signal_update_microseconds": _median(lambda: followed.update(counts["severity"], 1.0, 8.0)),
        "place_update_of_five_signals_microseconds": _median(place),
    }


def controller_cost() -> dict[str, float]:
    """Of a controller with all places, through looks that each bring photos to all of them."""
    process = psutil.Process()
    places = [Place(f"site{site}", str(version)) for site in range(SITES) for version in range(VERSIONS)]
    source = ScriptedCounters(pinned=frozenset(places), references={place: make_references() for place in places})
    for site in range(SITES):
        for number in range(PODS_PER_SITE):
            pod = Pod(f"gateway {site}-{number}:9108", 0.0, f"site{site}")
            for version in range(VERSIONS):
                pod.serve(str(version))
            source.pods.append(pod)
    rng, now, seconds = np.random.default_rng(2), 1_790_000_000.0, []
    with TemporaryDirectory() as folder:
        state = Path(folder) / "drift.json"
        controller = Controller(source, lambda: now, state_path=state)
        for _ in range(LOOKS):
            for pod in source.pods:
                for version in range(VERSIONS):
                    pod.count_many(str(version), {signal: rng.multinomial(40, SHARES[signal]) for signal in SIGNALS})
            now += 60
            source.scrape(now - 1)
            begin = time.perf_counter()
            controller.look()
            seconds.append(time.perf_counter() - begin)
            source.trim(now - 200)
        size = state.stat().st_size
    return {
        "places": len(places),
        "series": SITES * PODS_PER_SITE * VERSIONS * 51,
        "look_seconds": round(statistics.median(seconds), 3),
        "state_bytes": size,
        "resident_megabytes_with_the_made_up_gateways": round(process.memory_info().rss / 1e6, 1),
    }


def _median(action: object) -> float:
    times = []
    for _ in range(2_000):
        begin = time.perf_counter()
        action()  # type: ignore[operator]
        times.append(time.perf_counter() - begin)
    return round(1e6 * statistics.median(times), 1)


if __name__ == "__main__":
    main()
