"""The command line of the probe."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from serving.contract.model import MODEL_NAME
from serving.probe.device import Device
from serving.probe.server_metrics import DEFAULT_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOPBACK: Final = "127.0.0.1"
MAX_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says; each attribute is named as its option."""

    mode: str
    server: str
    rest_port: int
    metrics_path: str
    repository: Path
    model: str
    device: Device
    listen: str
    port: int
    interval: float
    deadline: float
    crops: int


def read_settings(arguments: Sequence[str]) -> Settings:
    """Read the command line; a mistake in it ends the program with code 2 and a sentence, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="python -m serving.probe",
        description="Is the pinned version available at the model server, and are its golden answers right?",
        epilog=(
            "check: asks once, prints one JSON line, and exits with 0 (right), 75 (busy: nothing was learned, ask again) or 1. "
            "It remembers no earlier look, so it is no readiness probe: a busy server would drop out of one, or a wrong one "
            "stay in. That is what serve and its /readyz are for."
        ),
    )
    add = parser.add_argument
    add(
        "mode",
        nargs="?",
        choices=("serve", "check"),
        default="serve",
        help="keep looking and answer over HTTP, or ask once",
    )
    add(
        "--repository", type=Path, required=True, help="folder of all models, which holds <model>/pin.json and versions"
    )
    add("--model", default=MODEL_NAME, help="name of the model (default: %(default)s)")
    add("--server", default=f"{LOOPBACK}:8500", help="gRPC address of the model server (default: %(default)s)")
    add("--rest-port", type=_port, default=8501, help=f"its REST port, always at {LOOPBACK} (default: %(default)s)")
    add("--metrics-path", default=DEFAULT_PATH, help="path in its monitoring config (default: %(default)s)")
    add(
        "--device",
        type=Device,
        choices=(Device.CPU, Device.GPU),
        default=Device.CPU,
        help="what it was meant to run on",
    )
    add("--listen", default=LOOPBACK, help="address to answer on (default: %(default)s)")
    add("--port", type=_port, default=8502, help="port to answer on (default: %(default)s)")
    add("--interval", type=_seconds, default=2.0, help="seconds between two looks (default: %(default)s)")
    add("--deadline", type=_seconds, default=2.0, help="seconds for each call (default: %(default)s)")
    add("--crops", type=_count, default=2, help="golden crops per look while ready (default: %(default)s)")
    return Settings(**vars(parser.parse_args(arguments)))


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        message = f"{text!r} is not a port number from 1 to 65535"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= MAX_SECONDS:
        message = f"{text!r} is not a number of seconds, more than 0 and at most {MAX_SECONDS:g}"
        raise argparse.ArgumentTypeError(message)
    return seconds


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is not a whole number from 1 on"
        raise argparse.ArgumentTypeError(message)
    return int(text)
