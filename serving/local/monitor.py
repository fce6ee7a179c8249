"""`make monitor`: the demo, and everything that watches a site: Prometheus, Alertmanager, drift controller, sentinel.

Notifications are printed here; nobody is paged.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from serving.contract.errors import ContractError
from serving.contract.model import MODEL_NAME
from serving.local.demo import DemoStepFailed, Stopped, make_live, prepare_model, raise_stopped, say
from serving.local.notices import Notices
from serving.local.ports import LOOPBACK, PortInvalid, PortTaken, WatchedPorts
from serving.local.processes import ProcessFailed, ProcessGroup
from serving.local.stack import Interpreters, start_gateway, start_model_server
from serving.local.watching import Pace, Stack, Watched, start_watching
from serving.repository import ModelRepository, RepositoryError


def main() -> int:
    """Run until Ctrl-C; return the exit code."""
    arguments = _parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, raise_stopped)
    try:
        ports = WatchedPorts.from_environment(os.environ)
        ports.require_free()
        python = Interpreters.of_environments(arguments.environments)
        version = prepare_model(arguments.folder, python, arch=arguments.arch)
        with ProcessGroup(arguments.folder / "logs") as group, Notices(say) as notices:
            say("starting the model server, two gateways, and what watches them")
            stack = Stack(group, arguments.folder, python, ports, Pace(arguments.times_faster))
            start_served(stack, version)
            watched = start_watching(stack, notices.port, say)
            _show_places(ports, watched)
            while True:
                ended = group.first_ended()
                if ended is not None:
                    raise ProcessFailed(ended)
                time.sleep(0.5)
    except Stopped:
        say("\nstopped; everything that was started has ended")
        return 0
    except (PortTaken, PortInvalid, DemoStepFailed, ProcessFailed, RepositoryError, ContractError) as error:
        print(f"\nmake monitor cannot go on: {error}", file=sys.stderr)  # noqa: T201 - a program for a person at a terminal
        return 1


def start_served(stack: Stack, version: int) -> None:
    """The model server with the version live, and the first gateway.

    Raises:
        ProcessFailed: a part ended, or did not come up.
        RepositoryError: the version was not made live.
    """
    start_model_server(stack.group, stack.python.serving, stack.models, stack.ports)
    make_live(ModelRepository(stack.models, MODEL_NAME), version, stack.ports)
    start_gateway(stack.group, stack.python.gateway, stack.models, stack.ports)


def _show_places(ports: WatchedPorts, watched: Watched) -> None:
    lines = [
        "",
        f"  upload page       http://{LOOPBACK}:{ports.port}/",
        f"  second gateway    http://{LOOPBACK}:{ports.second_gateway_port}/   (asks for a key: {os.path.relpath(watched.patient_key_file)})",
        f"  sentinel          http://{LOOPBACK}:{ports.sentinel_port}/metrics",
    ]
    if watched.prometheus:
        lines += [
            f"  drift controller  http://{LOOPBACK}:{ports.drift_controller_port}/metrics",
            f"  Prometheus        http://{LOOPBACK}:{ports.prometheus_port}/alerts",
        ]
    if watched.alertmanager:
        lines.append(
            f"  Alertmanager      http://{LOOPBACK}:{ports.alertmanager_port}/   (its notifications appear below)"
        )
    lines += [
        "  Grafana           not part of this; import monitoring/dashboards/*.json into yours",
        "",
        "Ctrl-C stops everything.",
    ]
    for line in lines:
        say(line)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m serving.local.monitor", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=Path(".run/demo"), help="the demo's, where everything it makes lies"
    )
    parser.add_argument("--environments", type=Path, default=Path(".venv"), help="one Python environment per extra")
    parser.add_argument("--arch", default="twin", help="architecture of the demo model")
    parser.add_argument(
        "--times-faster", type=float, default=1.0, metavar="N", help="rules and waits, against a site's (default: 1)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
