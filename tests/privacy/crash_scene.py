"""Errors that nobody thought of, with photos in their words, and every way to die with photos in memory."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from tests.privacy.marked_requests import raw_screening, send
from tests.privacy.run import Run
from tests.privacy.scenes import CRASHING, gateway, search_database
from tests.support.gateway import VERSION, make_repository
from tests.support.records import make_records
from tests.support.stub_model_server import StubModelServer

CRASHES: Final = ("upload", "screen", "answer", "record")
"""Where `crashing_gateway` raises."""


def crashes(run: Run, *, watched: bool) -> None:
    """Errors that nobody thought of, raised with photos in their words; then every way to die with photos in memory."""
    repository = run.folder / "crash-models"
    make_repository(repository)
    photo, markers = run.photos[0], run.markers
    with StubModelServer(VERSION, np.float32(0.5)) as stub:
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV):
            name = f"death by {number.name}"
            folder = run.folder / name
            folder.mkdir()
            kept = make_records(folder)
            with gateway(run, name, repository, stub.address, watched=watched, program=CRASHING, **kept) as served:
                raised = run.send(
                    name, served.port, [raw_screening(photo, markers, X_Crash=stage) for stage in CRASHES]
                )
                run.proven[f"{name}: the injected errors were answered with 500"] = all(
                    answer.status == 500 for answer in raised
                )
                stub.go_on.clear()
                stub.asked.clear()
                with ThreadPoolExecutor(2) as pool:
                    waiting = pool.submit(send, "127.0.0.1", served.port, raw_screening(photo, markers))
                    run.proven[f"{name}: the model was being asked about a photo"] = stub.asked.wait(30)
                    os.kill(served.worker().pid, number)
                    if number is signal.SIGTERM:
                        stub.go_on.set()
                    answer = waiting.result(60)
                stub.go_on.set()
                run.note_sent(name, raw_screening(photo, markers), answer)
                if number is not signal.SIGTERM:
                    served.kill()  # the worker that follows has seen nothing
            search_database(run, str(kept["records_url"]))
