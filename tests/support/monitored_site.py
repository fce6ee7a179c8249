"""A small site that is watched as a real one: front door with TLS, gateway, sentinel, Prometheus, Alertmanager, and who is told.

Model server, gateway, sentinel, Prometheus and Alertmanager are the real programs with the committed rules and routes, `FASTER` times
faster than at a site: windows, waits and intervals alike. What is not ours stands in: the pager, and what ends TLS. So does the drift controller, unless
a test asks for a real one.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from gateway.access.scopes import Scope
from loadtests.scenarios.front_door import TlsFrontDoor
from loadtests.scenarios.pager import Pager
from monitoring.objectives import read_objectives
from monitoring.rules.durations import Pace, duration
from monitoring.rules.writing import generated_files
from serving.local.ports import find_free_port
from serving.local.processes import ProcessGroup, http_answers
from tests.support.access import add_key
from tests.support.alertmanager_process import AlertmanagerProcess
from tests.support.certificates import make_authority, make_certificate
from tests.support.gateway_process import GatewayProcess

PROJECT = Path(__file__).resolve().parents[2]
FASTER = 30.0
"""An hour of a site is two minutes here. Faster, and a busy machine misses scrapes for what a site calls minutes."""
SCRAPE_SECONDS = 2.0
"""Also how long one may take, which no pace makes shorter: a site allows 10 s."""
START_SECONDS = 60.0
JOBS = 3
"""Gateway, sentinel, drift controller."""
SILENT_EXPORTER = (
    "import sys, time; from prometheus_client import start_http_server;"
    "start_http_server(int(sys.argv[1]), '127.0.0.1'); time.sleep(3600)"
)


class MonitoredSite:
    """Runs inside the block; everything it started is stopped at its end.

    Args:
        folder: For keys, configurations and logs.
        repository: Root of the model repository, of the test's own.
        model_server: Address that the gateway asks.
        controller: Further options of a real drift controller; None for one that says nothing.
        settings: Further settings of the gateway.
    """

    def __init__(
        self,
        folder: Path,
        repository: Path,
        model_server: str,
        *,
        controller: tuple[str, ...] | None = None,
        **settings: object,
    ) -> None:
        self.folder, self.repository, self.model_server = folder, repository, model_server
        folder.mkdir(parents=True, exist_ok=True)
        keys = folder / "keys.json"
        self.patient_key = add_key(keys, Scope.SCREEN, Scope.READ_MODELS, name="ward")
        (folder / "sentinel.key").write_text(add_key(keys, Scope.SCREEN, name="sentinel", traffic=("sentinel",)))
        (folder / "operate.key").write_text(add_key(keys, Scope.OPERATE, name="sentinel-stop"))
        self._controller = controller
        self._settings = {"api_keys_file": keys, "sentinel_interval_seconds": 60 / FASTER, **settings}
        self._stack = contextlib.ExitStack()
        self.sentinel_port, self.prometheus_port = find_free_port(), find_free_port()
        self.controller_port = find_free_port()

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        try:
            make_authority(self.folder, "authority")
            make_certificate(self.folder, "front", "authority", days=90)
            self.pager = enter(Pager())
            self.alertmanager = enter(
                AlertmanagerProcess(self.folder / "alertmanager", self.pager.port, times_faster=FASTER)
            )
            self.gateway = enter(self.new_gateway(self.repository))
            self.door = enter(TlsFrontDoor(self.gateway.port, self.folder / "front.pem", self.folder / "front.key"))
            self.processes = enter(ProcessGroup(self.folder / "logs"))
            self._start_sentinel()
            self._start_prometheus()
            self._start_controller()
            self._start_rules()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def new_gateway(self, repository: Path, *, program: str = "gateway") -> GatewayProcess:
        """One more gateway, not started yet."""
        return GatewayProcess(repository, self.model_server, program=program, **self._settings)

    def scrape(self, job: str, *ports: int) -> None:
        """From now on Prometheus scrapes these ports as a job."""
        targets = [{"targets": [f"127.0.0.1:{port}" for port in ports]}]
        path = self.folder / f"{job}.targets.json"
        path.with_suffix(".new").write_text(json.dumps(targets))
        path.with_suffix(".new").replace(path)

    def screen(self, photo: bytes) -> int:
        """A patient's photo straight to the gateway: the HTTP status, 0 where none came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=30)
        try:
            connection.request(
                "POST", "/v1/screenings", photo, {"Content-Type": "image/jpeg", "X-API-Key": self.patient_key}
            )
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
        return response.status

    @contextlib.contextmanager
    def patients(self, photo: bytes, *, a_second: float, clients: int = 1):
        """Patients' photos, for as long as the block lasts."""
        stop = threading.Event()

        def keep_sending() -> None:
            while not stop.wait(clients / a_second):
                self.screen(photo)

        threads = [threading.Thread(target=keep_sending, daemon=True) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """What Prometheus says now: labels and value of each series."""
        connection = http.client.HTTPConnection("127.0.0.1", self.prometheus_port, timeout=10)
        try:
            body = "query=" + "".join(f"%{byte:02x}" for byte in expression.encode())
            connection.request("POST", "/api/v1/query", body, {"Content-Type": "application/x-www-form-urlencoded"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return [(row["metric"], float(row["value"][1])) for row in answer["data"]["result"]]

    def wait_until_watched(self) -> None:
        """Wait until Prometheus has seen a right look of the sentinel and all is quiet."""
        deadline = time.monotonic() + START_SECONDS
        while not self.query('symmetra_blackbox_in_a_row{result="right"} >= 2'):
            assert time.monotonic() < deadline, self._logs()
            time.sleep(0.1)

    def firing(self) -> set[str]:
        """Alerts that fire now, the one that always does apart."""
        found = self.query('ALERTS{alertstate="firing",alertname!="DeadMansSwitch"}')
        return {labels["alertname"] for labels, _ in found}

    def _start_sentinel(self) -> None:
        look_seconds = read_objectives().correctness.look_seconds / FASTER
        arguments = [
            f"--url={self.door.url}", f"--repository={self.repository}", f"--key-file={self.folder / 'sentinel.key'}",
            f"--operate-key-file={self.folder / 'operate.key'}", f"--ca-file={self.folder / 'authority.pem'}",
            f"--interval={look_seconds}", f"--port={self.sentinel_port}",
        ]  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SYMMETRA_")}
        environment = {**kept, "PYTHONPATH": str(PROJECT)}
        self.processes.start("sentinel", [sys.executable, "-m", "monitoring", "sentinel", *arguments], environment)
        url = f"http://127.0.0.1:{self.sentinel_port}/metrics"
        self.processes.wait_until("sentinel", lambda: http_answers(url), START_SECONDS)

    def _start_controller(self) -> None:
        """Unless a test asks for a real one, one that says nothing: a real one would rightly alarm of one photo that comes again and again."""
        command = [sys.executable, "-c", SILENT_EXPORTER, str(self.controller_port)]
        if self._controller is not None:
            command = [
                sys.executable, "-m", "monitoring", "drift", "controller", f"--prometheus=http://127.0.0.1:{self.prometheus_port}",
                f"--state={self.folder / 'drift.json'}", f"--interval={60 / FASTER:g}", f"--port={self.controller_port}",
                *self._controller,
            ]  # fmt: skip
        self.controller_pid = self.processes.start("controller", command)
        url = f"http://127.0.0.1:{self.controller_port}/metrics"
        self.processes.wait_until("controller", lambda: http_answers(url), START_SECONDS)

    def _start_prometheus(self) -> None:
        folder = self.folder / "prometheus"
        folder.mkdir()
        self.scrape("gateway", self.gateway.metrics_port)
        self.scrape("sentinel", self.sentinel_port)
        self.scrape("drift-controller", self.controller_port)
        jobs = [
            {
                "job_name": job,
                "file_sd_configs": [{"files": [str(self.folder / f"{job}.targets.json")], "refresh_interval": "1s"}],
            }
            for job in ("gateway", "sentinel", "drift-controller")
        ]
        config = {
            "global": {"scrape_interval": duration(SCRAPE_SECONDS), "scrape_timeout": duration(SCRAPE_SECONDS)},
            "rule_files": [str(folder / "*.rules.yaml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{self.alertmanager.port}"]}]}]},
            "scrape_configs": jobs,
        }
        (folder / "prometheus.json").write_text(json.dumps(config))
        command = [
            shutil.which("prometheus") or "prometheus", f"--config.file={folder / 'prometheus.json'}",
            f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{self.prometheus_port}", "--log.level=warn",
        ]  # fmt: skip
        self._prometheus_pid = self.processes.start("prometheus", command)
        url = f"http://127.0.0.1:{self.prometheus_port}/-/ready"
        self.processes.wait_until("prometheus", lambda: http_answers(url), START_SECONDS)

    def _start_rules(self) -> None:
        """Once all was scraped: the first scrape comes at no site's pace, and what was never seen is told of after seconds here."""
        deadline = time.monotonic() + START_SECONDS
        while len(self.query("up == 1")) < JOBS:
            assert time.monotonic() < deadline, self._logs()
            time.sleep(0.1)
        for name, text in generated_files(read_objectives(), Pace(FASTER)).items():
            (self.folder / "prometheus" / name).write_text(text)
        os.kill(self._prometheus_pid, signal.SIGHUP)

    def _logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in (self.folder / "logs").glob("*.log"))


def trusting(folder: Path) -> ssl.SSLContext:
    """A client's context that trusts the front door."""
    return ssl.create_default_context(cafile=str(folder / "authority.pem"))


def run_once(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One look of the sentinel, as a person orders it."""
    command = [sys.executable, "-m", "monitoring", "sentinel", "--once", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT, timeout=120)
