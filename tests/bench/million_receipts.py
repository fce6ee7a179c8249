"""How long what pages, lists and retention ask takes among a million receipts, on both databases (issue 6: under 50 ms).

    python -m tests.bench.million_receipts --save loadtests/results/million_receipts.json

Each question is asked of receipts all over the table, and each database is asked through the functions that the gateway calls.
"""

import argparse
import dataclasses
import json
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gateway.access.secret_keys import SecretKeys
from gateway.records.database import PATIENT_SECONDS, open_database
from tests.bench.machine import commit_of_tree, machine_facts
from tests.support.page_queries import fill, page_queries
from tests.support.postgresql import PostgresqlServer
from tests.support.records import make_sqlite

BAR_MILLISECONDS = 50.0
ASKED = 50
WARM_UP = 3


@dataclasses.dataclass(frozen=True)
class Asked:
    """One question on one database, in milliseconds."""

    p50: float
    p95: float
    longest: float


def measure(url: str, count: int) -> tuple[dict[str, Asked], float]:
    """Fill a database and ask it; the seconds that filling took."""
    engine = open_database(url, PATIENT_SECONDS)
    began = time.perf_counter()
    fill(engine, count)
    filled_seconds = time.perf_counter() - began
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    numbers = random.Random("million")
    results = {}
    for name, question in page_queries(engine, SecretKeys.random()).items():
        for _ in range(WARM_UP):
            question(numbers.randrange(count))
        took = []
        for _ in range(ASKED):
            number = numbers.randrange(count)
            began = time.perf_counter()
            question(number)
            took.append(1000 * (time.perf_counter() - began))
        p50, p95 = np.percentile(took, [50, 95])
        results[name] = Asked(round(float(p50), 2), round(float(p95), 2), round(max(took), 2))
    engine.dispose()
    return results, filled_seconds


def main() -> int:
    """Measure, print a table, write the results where asked; 1 where a median misses the bar."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.million_receipts", description=__doc__)
    parser.add_argument("--receipts", type=int, default=1_000_000)
    parser.add_argument("--save", type=Path, help="also write the results and the machine's facts as JSON")
    arguments = parser.parse_args()
    databases = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="symmetra-bench-")))
        server = stack.enter_context(PostgresqlServer(is_durable=True))
        for name, url in (("sqlite", make_sqlite(folder)), ("postgresql", server.new_database())):
            results, filled_seconds = measure(url, arguments.receipts)
            databases[name] = {question: dataclasses.asdict(asked) for question, asked in results.items()}
            print(
                f"\n{name}, {arguments.receipts} receipts, filled in {filled_seconds:.0f} s; milliseconds p50, p95, longest"
            )
            for question, asked in results.items():
                print(f"  {question:<36}{asked.p50:>10.2f}{asked.p95:>10.2f}{asked.longest:>10.2f}")
    if arguments.save:
        report = {
            "schema": "symmetra.million_receipts/1",
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": commit_of_tree(),
            "machine": machine_facts(),
            "receipts": arguments.receipts,
            "asked": ASKED,
            "milliseconds": databases,
        }
        arguments.save.write_text(json.dumps(report, indent=1) + "\n")
    medians = [asked["p50"] for questions in databases.values() for asked in questions.values()]
    return 0 if max(medians) < BAR_MILLISECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
