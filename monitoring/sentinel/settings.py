"""What the sentinel is told: flags, or the environment."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from monitoring.objectives import read_objectives
from serving.contract.model import MODEL_NAME

PREFIX: Final = "SYMMETRA_FRONT_DOOR_"
DEFAULT_PORT: Final = 9110
DEADLINE_SECONDS: Final = 15.0
"""For one photo; longer than the gateway's own deadline, whose answer says more than our giving up."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one sentinel.

    Attributes:
        url: The front door, such as https://symmetra.hospital.example.
        repository: Root of the model repository, read only.
        model: Name in it.
        key_file: Holds one key of `sentinel` traffic with the scope `screen`.
        operate_key_file: Holds one key with the scope `operate`; None where this sentinel may not pause.
        ca_file: Certificates that sign the front door's, in PEM; None for the system's.
        interval_seconds: Between two looks.
        looks_in_a_row: Wrong looks after which it pauses.
        host: Address of the metrics.
        port: Port of the metrics.
        disks: Name -> folder whose disk is watched; the repository's always is.
        once: Look once, say what was found, and end.
    """

    url: str
    repository: Path
    model: str
    key_file: Path
    operate_key_file: Path | None
    ca_file: Path | None
    interval_seconds: float
    looks_in_a_row: int
    host: str
    port: int
    disks: Mapping[str, Path]
    once: bool = False


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the command line; a mistake in it ends the program with code 2 and a sentence, as argparse does.

    Raises:
        ObjectivesError: `slo.yaml`, which says how often to look, cannot be read.
    """
    correctness = read_objectives().correctness
    parser = argparse.ArgumentParser(
        prog="python -m monitoring sentinel",
        description="Sends golden photos through the site's front door, and says whether their answers are right.",
    )

    def add(flag: str, variable: str, says: str, **more: object) -> None:
        default = environment.get(variable, more.pop("default", None))
        required = bool(more.pop("required", False)) and default is None
        parser.add_argument(flag, default=default, required=required, help=f"{says} ({variable})", **more)  # type: ignore[arg-type]

    add("--url", f"{PREFIX}URL", "the front door, http:// or https://", type=_front_door, required=True, metavar="URL")
    add("--repository", "SYMMETRA_MODEL_REPOSITORY", "folder of all models", type=Path, required=True, metavar="ROOT")
    add("--model", "SYMMETRA_MODEL_NAME", "name of the model", default=MODEL_NAME, metavar="NAME")
    add(
        "--key-file",
        f"{PREFIX}KEY_FILE",
        "file with a key of sentinel traffic; without one its photos would count as patients'",
        type=Path,
        required=True,
        metavar="FILE",
    )
    add("--operate-key-file", f"{PREFIX}OPERATE_KEY_FILE", "file with a key that may pause", type=Path, metavar="FILE")
    add("--ca-file", f"{PREFIX}CA_FILE", "authorities of the front door's certificate, PEM", type=Path, metavar="FILE")
    add(
        "--interval",
        f"{PREFIX}INTERVAL_SECONDS",
        "seconds between two looks",
        type=_seconds,
        default=float(correctness.look_seconds),
        metavar="SECONDS",
    )
    add("--host", f"{PREFIX}METRICS_HOST", "address of the metrics", default="127.0.0.1", metavar="ADDRESS")
    add("--port", f"{PREFIX}METRICS_PORT", "port of the metrics", type=_port, default=DEFAULT_PORT, metavar="PORT")
    parser.add_argument(
        "--disk",
        action="append",
        type=_disk,
        default=[],
        metavar="NAME=FOLDER",
        help="a disk to watch; may be given again",
    )
    parser.add_argument("--once", action="store_true", help="look once, say what was found, and end with 0 or 1")
    given = parser.parse_args(arguments)
    return Settings(
        url=given.url,
        repository=given.repository,
        model=given.model,
        key_file=given.key_file,
        operate_key_file=given.operate_key_file,
        ca_file=given.ca_file,
        interval_seconds=given.interval,
        looks_in_a_row=correctness.looks_in_a_row,
        host=given.host,
        port=given.port,
        disks={"repository": given.repository, **dict(given.disk)},
        once=given.once,
    )


def _front_door(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        message = f"{text!r} is no address of a front door: give https://name, or https://name:port/path"
        raise argparse.ArgumentTypeError(message)
    return text.rstrip("/")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 86_400:
        message = f"{text!r} is not a number of seconds from 0.1 to 86400"
        raise argparse.ArgumentTypeError(message)
    return seconds


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        message = f"{text!r} is not a port number from 1 to 65535"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _disk(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not equals or not name.isidentifier() or not folder:
        message = f"{text!r} is not NAME=FOLDER, with a name of letters, digits and _"
        raise argparse.ArgumentTypeError(message)
    return name, Path(folder)
