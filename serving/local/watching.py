"""Start what watches the local stack: a gateway that asks for keys, Prometheus with the rules, Alertmanager, drift controller, sentinel."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serving.local.alertmanager import COMMITTED, alertmanager_command, find_alertmanager, local_config
from serving.local.ports import LOOPBACK, WatchedPorts, environment_of
from serving.local.processes import ProcessFailed, ProcessGroup, http_answers
from serving.local.prometheus import watched_config
from serving.local.stack import Interpreters, start_gateway, start_prometheus

TIMEOUT_SECONDS: Final = 60.0
SCRAPE_SECONDS: Final = 15.0
LOOK_FOR_DRIFT_SECONDS: Final = 30.0
LOOK_AT_GOLDEN_PHOTOS_SECONDS: Final = 180.0
LOOK_AT_GOLDEN_CROPS_SECONDS: Final = 60.0
"""Of the gateway's own sentinel, as it is by default."""
SHORTEST_SECONDS: Final = 2.0
MISSING_PROMETHEUS: Final = "Prometheus is not installed, so nothing is watched; get it with: sudo make system-deps"
MISSING_ALERTMANAGER: Final = (
    "Alertmanager is not installed, so alerts are shown by Prometheus alone; get it with: sudo make system-deps"
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it watches.

    Attributes:
        times_faster: Rules and waits, against a site's.
        per_day: Photos a day that heights of drift alarms are for; None as counted.
    """

    times_faster: float = 1.0
    per_day: float | None = None

    def seconds(self, at_a_site: float) -> float:
        """Between two looks, not too often for one machine."""
        return max(SHORTEST_SECONDS, at_a_site / self.times_faster)


@dataclass(frozen=True, slots=True)
class Watched:
    """What runs. Attributes: Prometheus, Alertmanager, and the file with a key of patients' traffic for the second gateway."""

    prometheus: bool
    alertmanager: bool
    patient_key_file: Path


@dataclass(frozen=True, slots=True)
class Stack:
    """What is watched, and how.

    Attributes:
        group: Its processes.
        folder: Of the demo; `models` in it is the repository.
        python: Of each component.
        ports: Where it listens.
        pace: How fast it is watched.
    """

    group: ProcessGroup
    folder: Path
    python: Interpreters
    ports: WatchedPorts
    pace: Pace = Pace()

    @property
    def models(self) -> Path:
        """Root of the model repository."""
        return self.folder / "models"

    @property
    def watching(self) -> Path:
        """Folder of what watches."""
        return self.folder / "watching"


def start_watching(stack: Stack, notices_port: int, tell: Callable[[str], None]) -> Watched:
    """Start all of it, where the model server and the first gateway run; what is not installed is told in a sentence and left out.

    Args:
        stack: What is watched.
        notices_port: Where notifications go.
        tell: Told each sentence.

    Raises:
        ProcessFailed: a part ended, or did not come up.
    """
    stack.watching.mkdir(parents=True, exist_ok=True)
    keys = make_keys(stack.watching, stack.python.gateway)
    ports, pace = stack.ports, stack.pace
    second = {
        "SYMMETRA_PORT": str(ports.second_gateway_port),
        "SYMMETRA_METRICS_PORT": str(ports.second_gateway_metrics_port),
        "SYMMETRA_API_KEYS_FILE": str(stack.watching / "keys.json"),
        "SYMMETRA_SENTINEL_INTERVAL_SECONDS": f"{pace.seconds(LOOK_AT_GOLDEN_CROPS_SECONDS):g}",
    }
    start_gateway(stack.group, stack.python.gateway, stack.models, ports, second, name="second-gateway")
    start_sentinel(stack, f"http://{LOOPBACK}:{ports.second_gateway_port}")
    prometheus, alertmanager = start_alerting(stack, notices_port, tell)
    return Watched(prometheus=prometheus, alertmanager=alertmanager, patient_key_file=keys)


def start_alerting(stack: Stack, notices_port: int, tell: Callable[[str], None]) -> tuple[bool, bool]:
    """Start Alertmanager, Prometheus with the rules, and the drift controller; whether Prometheus runs, and tells an Alertmanager.

    Args:
        stack: What is watched.
        notices_port: Where notifications go.
        tell: Told in a sentence what is not installed.

    Raises:
        ProcessFailed: a part ended, or did not come up.
    """
    ports, pace = stack.ports, stack.pace
    alertmanager = find_alertmanager()
    if alertmanager is None:
        tell(MISSING_ALERTMANAGER)
    else:
        _start_alertmanager(stack, alertmanager, notices_port)
    rules = stack.watching / "rules"
    faster = f"--times-faster={pace.times_faster:g}"
    _run([stack.python.monitoring, "-m", "monitoring", "write-rules", f"--folder={rules}", faster])
    config = watched_config(
        ports,
        rules.resolve(),
        scrape_seconds=pace.seconds(SCRAPE_SECONDS),
        alertmanager=alertmanager is not None,
    )
    prometheus = start_prometheus(stack.group, stack.watching / "prometheus", ports, config)
    if prometheus:
        _start_controller(stack)
    else:
        tell(MISSING_PROMETHEUS)
    return prometheus, prometheus and alertmanager is not None


def make_keys(folder: Path, python: Path) -> Path:
    """A key for patients' photos and one for the sentinel's, in `keys.json` and a file each; those of an earlier run are kept.

    Raises:
        ProcessFailed: the gateway's program for keys did not end well.
    """
    for name, traffic in (("patients", "patient"), ("sentinel", "sentinel")):
        path = folder / f"{name}.key"
        if path.exists() and (folder / "keys.json").exists():
            continue
        arguments = [
            f"--file={folder / 'keys.json'}",
            "add",
            f"--name={name}",
            "--scope=screen",
            f"--traffic={traffic}",
        ]
        text = _run([python, "-m", "gateway", "keys", *arguments])
        path.touch(mode=0o600)
        path.write_text(text)
    return folder / "patients.key"


def start_sentinel(stack: Stack, url: str) -> None:
    """Start the sentinel, and wait until it shows what it saw.

    Args:
        stack: What is watched.
        url: Of the front door.

    Raises:
        ProcessFailed: it ended, or did not come up.
    """
    ports = stack.ports
    command: list[str | Path] = [
        stack.python.monitoring, "-m", "monitoring", "sentinel", f"--url={url}",
        f"--repository={stack.models}", f"--key-file={stack.watching / 'sentinel.key'}",
        f"--interval={stack.pace.seconds(LOOK_AT_GOLDEN_PHOTOS_SECONDS):g}", f"--port={ports.sentinel_port}",
    ]  # fmt: skip
    stack.group.start("sentinel", command, environment_of(ports))
    page = f"http://{LOOPBACK}:{ports.sentinel_port}/metrics"
    stack.group.wait_until("sentinel", lambda: http_answers(page), TIMEOUT_SECONDS)


def _start_controller(stack: Stack) -> None:
    ports, pace = stack.ports, stack.pace
    command: list[str | Path] = [
        stack.python.monitoring, "-m", "monitoring", "drift", "controller", f"--prometheus=http://{LOOPBACK}:{ports.prometheus_port}",
        f"--repository={stack.models}", f"--state={stack.watching / 'drift.json'}",
        f"--interval={pace.seconds(LOOK_FOR_DRIFT_SECONDS):g}", f"--port={ports.drift_controller_port}",
        *([] if pace.per_day is None else [f"--per-day={pace.per_day:g}"]),
    ]  # fmt: skip
    stack.group.start("drift-controller", command, environment_of(ports))
    url = f"http://{LOOPBACK}:{ports.drift_controller_port}/metrics"
    stack.group.wait_until("drift-controller", lambda: http_answers(url), TIMEOUT_SECONDS)


def _start_alertmanager(stack: Stack, program: str, notices_port: int) -> None:
    ports, folder = stack.ports, stack.watching
    config = folder / "alertmanager.yml"
    config.write_text(local_config(COMMITTED.read_text(), notices_port, stack.pace.times_faster))
    stack.group.start("alertmanager", alertmanager_command(program, config, folder / "alertmanager", ports))
    url = f"http://{LOOPBACK}:{ports.alertmanager_port}/-/ready"
    stack.group.wait_until("alertmanager", lambda: http_answers(url), TIMEOUT_SECONDS)


def _run(command: list[str | Path]) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    if done.returncode != 0:
        message = f"`{' '.join(map(str, command[1:]))}` ended with exit code {done.returncode}:\n{done.stderr.strip()}"
        raise ProcessFailed(message)
    return done.stdout
