"""A real Alertmanager with the committed configuration, at a faster pace and with our own receivers in place of addresses."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Self

from serving.local.ports import find_free_port
from serving.local.processes import http_answers

CONFIG = Path(__file__).resolve().parents[2] / "monitoring" / "alertmanager" / "alertmanager.yml"
PROGRAM = "prometheus-alertmanager"
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}
START_SECONDS = 30.0


def config_for(webhook_port: int, times_faster: float) -> str:
    """The committed routes and inhibitions; every duration shorter, every receiver a webhook of ours that is named as it."""
    routes, _, receivers = CONFIG.read_text().partition("\nreceivers:\n")
    # A site's mail settings: nothing here sends any.
    routes = re.sub(r"^  smtp_.*\n", "", routes, flags=re.MULTILINE)

    def faster(found: re.Match[str]) -> str:
        milliseconds = int(found[2]) * UNIT_SECONDS[found[3]] * 1000 / times_faster
        return f"{found[1]}{max(0, round(milliseconds))}ms"

    routes = re.sub(r"((?:group_wait|group_interval|resolve_timeout): )(\d+)([smh])\b", faster, routes)
    # As it is: what is repeated after hours must not come a second time in a trial of minutes.
    names = re.findall(r"^  - name: (\S+)$", receivers, flags=re.MULTILINE)
    ours = [
        f'  - name: {name}\n    webhook_configs:\n      - url: "http://127.0.0.1:{webhook_port}/{name}"\n        send_resolved: true\n'
        for name in names
    ]
    return routes + "\nreceivers:\n" + "".join(ours)


class AlertmanagerProcess:
    """Runs inside the block.

    Args:
        folder: For its configuration, data and log.
        webhook_port: Where our receivers listen.
        times_faster: Than the committed configuration.
    """

    def __init__(self, folder: Path, webhook_port: int, *, times_faster: float = 1.0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = find_free_port()
        self._config, self._log = folder / "alertmanager.yml", folder / "alertmanager.log"
        self._config.write_text(config_for(webhook_port, times_faster))
        self._command = [
            shutil.which(PROGRAM) or PROGRAM,
            f"--config.file={self._config}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not http_answers(f"{self.url}/-/ready"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError("Alertmanager did not start:\n" + self._log.read_text(errors="replace"))
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def fire(self, *alerts: dict[str, str]) -> None:
        """Tell it that these alerts fire, as Prometheus does; labels with `alertname` and `severity`."""
        body = json.dumps([{"labels": labels, "annotations": {}} for labels in alerts])
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
            assert connection.getresponse().status == 200
        finally:
            connection.close()
