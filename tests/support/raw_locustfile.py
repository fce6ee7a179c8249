"""The project's locustfile, which also keeps every latency as it was, one file for each process: for tests that add them up by hand.

`SYMMETRA_TEST_RAW_FOLDER` says where.
"""

from __future__ import annotations

import os
from pathlib import Path

from locust import events

from loadtests.locustfile import Load as Load  # noqa: PLC0414 - for Locust to find
from loadtests.locustfile import UntilTheScheduleIsOver as UntilTheScheduleIsOver  # noqa: PLC0414 - for Locust to find

FOLDER = Path(os.environ["SYMMETRA_TEST_RAW_FOLDER"])


@events.request.add_listener
def keep(response_time: float, **_: object) -> None:
    with (FOLDER / str(os.getpid())).open("a") as file:
        file.write(f"{response_time / 1000!r}\n")
