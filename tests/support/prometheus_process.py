"""A real Prometheus that scrapes one page, for as long as the block lasts."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any, Self

from serving.local.ports import find_free_port
from tests.support.gateway_process import wait_until
from tests.support.system_programs import find_program

if TYPE_CHECKING:
    from pathlib import Path


class PrometheusProcess:
    """Scrapes 127.0.0.1:`metrics_port` as the job `gateway`; killed at the end of the block, whatever happened.

    Args:
        folder: For its configuration and data.
        metrics_port: Of the page.
        interval: Between scrapes, as Prometheus writes durations.
    """

    def __init__(self, folder: Path, metrics_port: int, *, interval: str = "1s") -> None:
        self._folder = folder
        self.port = find_free_port()
        job = {"job_name": "gateway", "static_configs": [{"targets": [f"127.0.0.1:{metrics_port}"]}]}
        self._config = {"global": {"scrape_interval": interval, "scrape_timeout": interval}, "scrape_configs": [job]}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._folder / "prometheus.json"
        config.write_text(json.dumps(self._config))
        program = find_program("prometheus")
        assert program is not None
        command = [
            program, f"--config.file={config}", f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error",
        ]  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        try:
            wait_until(self._is_ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What an instant query gives now: its list of results."""
        return self._ask("query", {"query": expression})["result"]

    def series(self, selector: str) -> list[dict[str, str]]:
        """The labels of every series that it knows, whether it still gets values or not."""
        return self._ask("series", {"match[]": selector})

    def value(self, expression: str) -> float:
        """Of a query that gives one number."""
        (result,) = self.query(expression)
        return float(result["value"][1])

    def _ask(self, what: str, parameters: dict[str, str]) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=30) as response:
            answer = json.load(response)
        assert answer["status"] == "success", answer
        return answer["data"]

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, (self._folder / "log").read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False
