"""A real gateway under watch, and what every scene asks of it: answers, refusals, overload; and where its traces are searched."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import inspect

from gateway.records.address import masked_address
from gateway.records.database import open_database, sqlite_file
from tests.privacy.marked_requests import (
    Answer,
    Request,
    form_screening,
    odd_requests,
    raw_screening,
    send,
    with_wrong_credentials,
)
from tests.privacy.run import Run
from tests.privacy.watch import Allowed, strace_command
from tests.support.gateway_process import GatewayProcess
from tests.support.stub_model_server import StubModelServer
from tests.support.system_programs import find_program

WATCHED: Final = "tests.support.watched_gateway"
CRASHING: Final = "tests.privacy.crashing_gateway"
AT_ONCE: Final = 24
THREAD_NAMES: Final = Allowed(
    re.compile(r"/proc/(self|\d+)/task/\d+/comm$"), "the name of a thread, told to the kernel", 64
)


@contextmanager
def gateway(
    run: Run,
    name: str,
    repository: Path,
    model_server: str,
    *,
    watched: bool,
    program: str = WATCHED,
    environment: dict[str, str] | None = None,
    **settings: Any,
) -> Iterator[GatewayProcess]:
    """A gateway in a folder of its own, with a TMPDIR of its own, allowed to leave core files if it can; searched at its end."""
    folder = run.folder / name
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    trace = run.notes / f"{name}.strace"
    own = {"TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONFAULTHANDLER": "1", "HOME": str(folder)}
    wrapper = ("prlimit", "--core=unlimited:unlimited") if find_program("prlimit") else ()
    started = GatewayProcess(
        repository,
        model_server,
        wrapper=(*wrapper, *(strace_command(trace) if watched else ())),
        program=program,
        environment=own | (environment or {}),
        folder=folder,
        **({"log_level": "debug"} | settings),
    )
    with started:
        try:
            yield started
        finally:
            with contextlib.suppress(OSError):  # of one that died
                run.evidence.add_bytes("metrics", f"metrics of {name}", started.metrics().encode())
            started.stop()
            run.note_log(name, started.log_path)
            if watched:
                allowed = [
                    Allowed.below(started.log_path, "the gateway's log"),
                    Allowed.below("/dev/shm/wgunicorn-", "gunicorn's heartbeat: a file without a byte in it", 0),
                    THREAD_NAMES,
                    Allowed.below(folder / "receipts.db", "the database of the records, its log and its index"),
                    Allowed.below(folder / "journal", "receipts that wait for the database"),
                ]
                run.note_trace(name, trace, allowed)


def screenings(run: Run, scene: str, served: GatewayProcess, *, explain: bool = True, **headers: str) -> list[Answer]:
    """Every format, raw and as a form, over the API and the page, with and without explanation (where the model has any), and once more."""
    markers, answers = run.markers, []
    for photo in run.photos:
        requests = [
            raw_screening(photo, markers, **headers),
            raw_screening(photo, markers, explain=explain, **headers),
            form_screening(photo, markers, explain=explain, **headers),
            form_screening(photo, markers, "/", Accept="text/html", **headers),
        ]
        # The same again under the same key: it gets the earlier answer.
        answers += run.send(scene, served.port, [*requests, requests[0]])
    return answers


def refusals(run: Run, scene: str, served: GatewayProcess, **headers: str) -> list[Answer]:
    """Bad photos, odd requests, wrong credentials, and bytes that are no request."""
    markers = run.markers
    requests = [make(photo, markers, **headers) for photo in run.refused for make in (raw_screening, form_screening)]
    requests += [form_screening(photo, markers, "/", Accept="text/html", **headers) for photo in run.refused]
    odd = odd_requests(run.photos[0], markers)
    requests += odd
    requests += with_wrong_credentials(raw_screening(run.photos[0], markers), markers)
    requests.append(Request("POST", "/v1/screenings", run.photos[0].content * 300, {"Content-Type": "image/jpeg"}))
    answers = run.send(scene, served.port, requests)
    for raw in broken_requests(run):
        answer = Answer(0, (), _send_raw(served.port, raw))
        run.note_sent(f"{scene}, raw", Request("RAW", "", raw), answer)
    return answers


def broken_requests(run: Run) -> list[bytes]:
    """Bytes that break off, or are no HTTP."""
    markers, photo = run.markers, run.photos[0].content
    return [
        f"GET /{markers['unknown_path']} HTTP/9.9\r\n\r\n".encode(),
        f"{markers['method']}\r\n\r\n".encode(),
        f"POST /v1/screenings HTTP/1.1\r\nHost: x\r\n{markers['own_header']}\r\n\r\n".encode(),
        f"POST /v1/screenings HTTP/1.1\r\nHost: x\r\nX-A: {markers['own_header'] * 2000}\r\n\r\n".encode(),
        b"POST /v1/screenings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nContent-Length: 90000\r\n\r\n" + photo[:20_000],
        b"POST /v1/screenings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + photo[:9000],
        photo[:30_000],
    ]  # fmt: skip


def overload(run: Run, scene: str, served: GatewayProcess) -> None:
    """Many photos at once; the gateway has room for few."""
    # Each under an Idempotency-Key of its own: repetitions would wait for one answer.
    requests = [raw_screening(run.photos[0], run.markers) for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda request: send("127.0.0.1", served.port, request), requests))
    for request, answer in zip(requests, answers, strict=True):
        run.note_sent(scene, request, answer)
    run.proven[f"{scene}: somebody was refused"] = any(answer.status in (429, 503) for answer in answers)


def prove_answered(run: Run, scene: str, answers: list[Answer]) -> None:
    """Whatever was sent to be answered must have been: a gateway that refuses everything keeps nothing either."""
    run.proven[f"{scene}: every photo was answered"] = bool(answers) and all(each.status == 200 for each in answers)


def search_metadata(run: Run, stub: StubModelServer) -> None:
    """All metadata of calls, but `tracestate`, which W3C Trace Context has a service pass on as it is."""
    kept = [{name: str(value) for name, value in each.items() if name != "tracestate"} for each in stub.metadata]
    run.evidence.add_bytes("trace", "metadata of calls to the model server", json.dumps(kept).encode())


def search_database(run: Run, url: str) -> None:
    """Every row of every table as text, after planting the control; and SQLite's files. PostgreSQL's are searched by its folder."""
    engine = open_database(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS privacy_control (word TEXT)")
        connection.exec_driver_sql(f"INSERT INTO privacy_control VALUES ('{run.control_word}')")  # noqa: S608 - our own word
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()  # noqa: S608 - a table's own name
            run.evidence.add_bytes("database", f"{masked_address(url)}, table {table}", repr(rows).encode())
            run.rows[table] = run.rows.get(table, 0) + len(rows)
    path = sqlite_file(url)
    if path is not None:
        for each in sorted(path.parent.glob(path.name + "*")):
            run.evidence.add_file("database", each)
    engine.dispose()


def _send_raw(port: int, content: bytes) -> bytes:
    """What comes back for bytes, until the gateway closes or is silent for a while."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.settimeout(3)
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        except OSError:
            return received
    return received
