"""The system as it runs: the model server with TensorFlow, the gateway, Prometheus, records in SQLite."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from serving.contract.model import MODEL_NAME
from serving.local.ports import find_free_port
from serving.repository import ModelRepository
from serving.repository.promotion import write_first_config
from serving.repository.repository import SERVED_NAME
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from tests.privacy.run import Run, allow_core_files
from tests.privacy.scenes import THREAD_NAMES, gateway, prove_answered, refusals, screenings, search_database
from tests.privacy.watch import Allowed, strace_command
from tests.support.gateway_process import PROJECT, GatewayProcess, wait_until
from tests.support.records import make_records
from tests.support.system_programs import find_program
from tests.support.tiny_version import copy_tiny_repository

SCENE: Final = "whole"
START_SECONDS: Final = 180.0


def whole(run: Run, *, watched: bool) -> None:
    """Answers and refusals of all kinds through the real system; then both servers die with photos in memory."""
    folder = run.folder / SCENE
    folder.mkdir()
    models = copy_tiny_repository(run.folder / "whole-models")
    run.evidence.allow_pictures(models)
    kept = make_records(folder)
    with (
        _model_server(run, models, watched=watched) as (port, rest_port, server),
        gateway(run, SCENE, models, f"127.0.0.1:{port}", watched=watched, **kept) as served,
        _prometheus(run, served, rest_port) as prometheus_port,
    ):
        answers = screenings(run, SCENE, served)
        prove_answered(run, SCENE, answers)
        refusals(run, SCENE, served)
        _prove_digests(run, served)
        if prometheus_port is not None:
            _search_prometheus(run, served, prometheus_port)
        for where, of_port, path in (
            ("gateway", served.metrics_port, "/metrics"),
            ("model server", rest_port, "/monitoring/prometheus/metrics"),
        ):
            run.evidence.add_bytes("metrics", f"metrics of the {where}", _get(of_port, path))
        os.kill(server.pid, signal.SIGABRT)
        server.wait(60)
    search_database(run, str(kept["records_url"]))
    run.evidence.add_folder("state", models)


@contextmanager
def _model_server(run: Run, models: Path, *, watched: bool) -> Iterator[tuple[int, int, subprocess.Popen[bytes]]]:
    """The embedded model server in a folder of its own, allowed to leave core files if it can."""
    folder = run.folder / "model-server"
    (folder / "tmp").mkdir(parents=True)
    repository = ModelRepository(models, MODEL_NAME)
    write_first_config(repository, served_from=str(repository.directory))
    port, rest_port = find_free_port(), find_free_port()
    log, trace = folder / "log", run.notes / "model-server.strace"
    command = [
        *(strace_command(trace) if watched else ()),
        sys.executable, "-m", "serving.server", f"--port={port}", f"--rest_api_port={rest_port}",
        f"--model_config_file={repository.directory / SERVED_NAME}", "--enable_batching=true",
        f"--batching_parameters_file={PROJECT / 'serving/deploy/batching.config'}",
        f"--monitoring_config_file={PROJECT / 'serving/deploy/monitoring.config'}",
    ]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(PROJECT), "TMPDIR": str(folder / "tmp"), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder),
    }  # fmt: skip
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=allow_core_files,  # noqa: PLW1509 - it only sets a limit; no lock is taken between fork and exec
        )
    try:
        with open_channel(f"127.0.0.1:{port}") as channel:
            client = ModelServerClient(channel)
            wait_until(lambda: client.wait_until_ready(0.2), START_SECONDS)
        yield port, rest_port, process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        run.note_log("the model server", log)
        if watched:
            run.note_trace(
                "the model server",
                trace,
                [
                    Allowed.below(log, "the model server's log"),
                    THREAD_NAMES,
                    *(
                        Allowed.below(
                            folder / name, "settings of Python libraries, written when they are imported", 1 << 20
                        )
                        for name in (".cache", ".config", ".keras")
                    ),
                    Allowed(
                        re.compile(re.escape(str(folder / "tmp")) + r"/[a-z0-9_]{8}$"),
                        "Python tries the folder: four bytes",
                        4,
                    ),
                    Allowed(re.compile(r"/dev/shm/sem\.[\w-]+$"), "a semaphore of a Python library", 64),
                ],
            )


@contextmanager
def _prometheus(run: Run, served: GatewayProcess, rest_port: int) -> Iterator[int | None]:
    """A real Prometheus that scrapes every second, and a page with the control beside the real ones."""
    program = find_program("prometheus")
    if program is None:
        run.left_out.append("Prometheus: not installed (`make system-deps`)")
        yield None
        return
    folder = run.folder / "prometheus"
    folder.mkdir()
    port = find_free_port()
    with _control_page(run) as control_port:
        pages = {"gateway": (served.metrics_port, "/metrics"), "control": (control_port, "/metrics")}
        pages["model-server"] = (rest_port, "/monitoring/prometheus/metrics")
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [
                {"job_name": name, "metrics_path": path, "static_configs": [{"targets": [f"127.0.0.1:{at}"]}]}
                for name, (at, path) in pages.items()
            ],
        }
        (folder / "prometheus.json").write_text(json.dumps(config))
        command = [
            program, f"--config.file={folder / 'prometheus.json'}", f"--storage.tsdb.path={folder / 'data'}",
            "--no-storage.tsdb.wal-compression", f"--web.listen-address=127.0.0.1:{port}", "--log.level=debug",
        ]  # fmt: skip
        with (folder / "log").open("ab") as out:
            process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(60)
            run.note_log("Prometheus", folder / "log")
            run.evidence.add_folder("prometheus", folder)


@contextmanager
def _control_page(run: Run) -> Iterator[int]:
    """A metrics page that names the control."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(f'privacy_control{{word="{run.control_word}"}} 1\n'.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        run.evidence.add_bytes("metrics", "control page", _get(server.server_address[1], "/metrics"))
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _search_prometheus(run: Run, served: GatewayProcess, port: int) -> None:
    """Wait until Prometheus has the last figures, then search every series that it knows."""
    expected = sum(
        float(line.rpartition(" ")[2])
        for line in served.metrics().splitlines()
        if line.startswith("symmetra_screenings_total")
    )

    def has_them() -> bool:
        return _query(port, "sum(symmetra_screenings_total)") >= expected and _query(port, "sum(privacy_control)") == 1

    wait_until(has_them, 60)
    match = urllib.parse.urlencode({"match[]": '{__name__=~".+"}'})
    run.evidence.add_bytes("prometheus", "every series, by Prometheus' API", _get(port, f"/api/v1/series?{match}"))


def _prove_digests(run: Run, served: GatewayProcess) -> None:
    """One more answer, and its receipt by the API: the records were on."""
    _, answer = served.screen(run.photos[0].content)
    receipt = served.request("GET", f"/v1/screenings/{answer.get('id')}")[0]
    run.proven["whole: the receipt of an answer can be read"] = receipt == 200


def _query(port: int, query: str) -> float:
    try:
        result = json.loads(_get(port, "/api/v1/query?" + urllib.parse.urlencode({"query": query})))["data"]["result"]
    except (OSError, ValueError, KeyError):
        return -1.0
    return float(result[0]["value"][1]) if result else -1.0


def _get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        content: bytes = answer.read()
    return content
