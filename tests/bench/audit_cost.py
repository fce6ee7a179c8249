"""What the audit trail costs: CPU of an event beside its receipt, and time and memory of verifying a million events.

`python -m tests.bench.audit_cost [--events N] [--save loadtests/results]` prints the figures. On a real SQLite file. Receipts are
written with and without their events in turns, alone and sixteen in a transaction; memory is the highest of a process that does
nothing but verify, once with few events and once with all.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.checkpoint import CheckpointKeys
from gateway.records.audit.checkpoints import Checkpoints
from gateway.records.audit.event import AuditEvent, AuditKind
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.screenings import note_screenings
from gateway.records.database import open_database
from gateway.records.store import ReceiptStore
from tests.bench.machine import machine_facts
from tests.support.records import make_receipt, make_records

RECEIPTS = 320
ROUNDS = 9
TOGETHER = 16
EVENTS_AT_ONCE = 1000
VERIFY = """
import json, resource, sys, time
from pathlib import Path
from gateway.access.secret_keys import SecretKeys
from gateway.records.audit.checkpoint import CheckpointKeys
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.verification import verify_trail
from gateway.records.database import open_database
keys = SecretKeys.read(Path(sys.argv[2]))
cpu = time.process_time()
result = verify_trail(open_database(sys.argv[1]), AuditKeys(keys), CheckpointKeys(keys))
assert result.is_whole
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([result.events, time.process_time() - cpu, peak / 1024]))
"""


@dataclass(frozen=True)
class EventCost:
    """Medians over the rounds, milliseconds of CPU per receipt."""

    alone: float
    alone_with_event: float
    together: float
    together_with_event: float


@dataclass(frozen=True)
class VerificationCost:
    """One run each."""

    few_events: int
    few_peak_mebibytes: float
    events: int
    cpu_seconds: float
    peak_mebibytes: float


def measure_events(folder: Path) -> EventCost:
    """Write receipts with and without events, in turns so that the machine's moods meet both."""
    settings = make_records(folder)
    engine = open_database(settings["records_url"])
    keys = AuditKeys(SecretKeys.read(settings["record_key_file"]))
    stores = {False: ReceiptStore(engine), True: ReceiptStore(engine, note_screenings(AuditChain(keys), keys))}
    figures: dict[tuple[bool, int], list[float]] = {(kind, size): [] for kind in stores for size in (1, TOGETHER)}
    number = 0
    for _ in range(ROUNDS):
        for (has_event, size), costs in figures.items():
            receipts = [make_receipt(number + each) for each in range(RECEIPTS)]
            number += RECEIPTS
            cpu = time.process_time()
            for start in range(0, RECEIPTS, size):
                stores[has_event].write(receipts[start : start + size])
            costs.append(1000 * (time.process_time() - cpu) / RECEIPTS)
    engine.dispose()
    medians = {key: statistics.median(costs) for key, costs in figures.items()}
    return EventCost(medians[False, 1], medians[True, 1], medians[False, TOGETHER], medians[True, TOGETHER])


def measure_verification(folder: Path, events: int) -> VerificationCost:
    """Verify a short trail, and the same when it has grown."""
    settings = make_records(folder)
    engine = open_database(settings["records_url"])
    keys = SecretKeys.read(settings["record_key_file"])
    chain = AuditChain(keys)
    checkpoints = Checkpoints(engine, chain, CheckpointKeys(keys), lambda _: None)

    def append(count: int) -> None:
        for start in range(0, count, EVENTS_AT_ONCE):
            with engine.begin() as connection:
                chain.append(connection, [_reading(start + number) for number in range(EVENTS_AT_ONCE)])
            checkpoints.make()

    append(10 * EVENTS_AT_ONCE)
    few_events, _, few_peak = _verify(settings)
    append(events - 10 * EVENTS_AT_ONCE)
    engine.dispose()
    count, seconds, peak = _verify(settings)
    return VerificationCost(int(few_events), few_peak, int(count), seconds, peak)


def _reading(number: int) -> AuditEvent:
    return AuditEvent(AuditKind.ANSWER_READ, "key:ward", f"00000000-0000-4000-8000-{number:012d}", {"found": 1})


def _verify(settings: dict[str, object]) -> tuple[float, float, float]:
    command = [sys.executable, "-c", VERIFY, str(settings["records_url"]), str(settings["record_key_file"])]
    return tuple(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main() -> int:
    """Measure, print, and save where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="in the long trail (1,000,000)")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="for audit_cost.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="symmetra-bench-") as name:
        folder = Path(name)
        for part in ("events", "verification"):
            (folder / part).mkdir()
        result = {
            "machine": machine_facts(),
            "cpu_milliseconds_per_receipt": asdict(measure_events(folder / "events")),
            "verification": asdict(measure_verification(folder / "verification", options.events)),
        }
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    if options.save is not None:
        (options.save / "audit_cost.json").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
