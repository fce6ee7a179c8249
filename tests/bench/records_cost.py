"""What a receipt costs beside its answer: CPU of the whole process per receipt, on a real SQLite file (issues 5 and 6: at most 1.5 ms).

`python -m tests.bench.records_cost` prints the figures. Alone, each receipt is a transaction of its own; together, those that
wait are written as one. The digest of the photo and the audit event with its codes are part of it.
"""

import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import gevent
from prometheus_client import CollectorRegistry

from gateway.access.secret_keys import SecretKeys
from gateway.answer import Answer
from gateway.caller import ANONYMOUS
from gateway.deadline import Deadline
from gateway.observing import gateway_metrics
from gateway.pin import PinReader
from gateway.predictor import Scores
from gateway.records.audit.chain import AuditChain
from gateway.records.audit.macs import AuditKeys
from gateway.records.audit.screenings import note_screenings
from gateway.records.away.when_away import WhenAway
from gateway.records.database import open_database
from gateway.records.recorder import ReceiptRecorder
from gateway.records.store import ReceiptStore, is_away
from gateway.records.writer import ReceiptWriter
from tests.support.gateway import make_prepared_crop, make_repository
from tests.support.records import make_records

PHOTO_BYTES = 80 * 1024
RECEIPTS = 400
ROUNDS = 5
TOGETHER = 16


@dataclass(frozen=True)
class RecordsCost:
    """Medians over the rounds."""

    cpu_milliseconds_alone: float
    cpu_milliseconds_together: float
    wait_milliseconds_alone: float
    """Wall-clock, mostly the disk's."""
    bytes_per_receipt: float
    photo_bytes: int = PHOTO_BYTES
    together: int = TOGETHER


def measure_records() -> RecordsCost:
    """Write receipts one after the other, and several at once."""
    alone, together, waits = [], [], []
    with tempfile.TemporaryDirectory(prefix="symmetra-bench-") as name:
        folder = Path(name)
        settings = make_records(folder)
        keys = SecretKeys.read(settings["record_key_file"])
        audit_keys = AuditKeys(keys)
        engine = open_database(settings["records_url"])
        store = ReceiptStore(engine, note_screenings(AuditChain(audit_keys), audit_keys))
        writer = ReceiptWriter(store.write, is_away)
        recorder = ReceiptRecorder(
            writer, keys, when_away=WhenAway.REFUSE, metrics=gateway_metrics(CollectorRegistry())
        )
        model = PinReader(make_repository(folder / "models"), allow_demo=True, on_change=lambda _: None).current()
        photo, prepared, count = bytes(PHOTO_BYTES), make_prepared_crop(), 0

        def record_some(number: int) -> None:
            nonlocal count
            for _ in range(number):
                count += 1
                answer = Answer.of(f"{count:036d}", Scores(0.5, model.version), prepared, model, {"total": 0.01})
                recorder.record(answer, photo, ANONYMOUS, Deadline.after(60.0))

        record_some(50)
        for _ in range(ROUNDS):
            cpu, wall = time.process_time(), time.perf_counter()
            record_some(RECEIPTS)
            alone.append((time.process_time() - cpu) / RECEIPTS)
            waits.append((time.perf_counter() - wall) / RECEIPTS)
            cpu = time.process_time()
            gevent.joinall([gevent.spawn(record_some, RECEIPTS // TOGETHER) for _ in range(TOGETHER)], raise_error=True)
            together.append((time.process_time() - cpu) / (RECEIPTS // TOGETHER * TOGETHER))
        writer.close()
        store.close()
        size = sum(path.stat().st_size for path in folder.glob("receipts.db*"))
    return RecordsCost(
        cpu_milliseconds_alone=1000 * statistics.median(alone),
        cpu_milliseconds_together=1000 * statistics.median(together),
        wait_milliseconds_alone=1000 * statistics.median(waits),
        bytes_per_receipt=size / count,
    )


def main() -> int:
    """Print the figures as JSON."""
    print(json.dumps(asdict(measure_records()), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
