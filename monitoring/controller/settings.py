"""What the controller is told: flags, or the environment."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from monitoring.controller.controller import ControllerSettings
from monitoring.controller.heights import DAYS_BETWEEN_FALSE_ALARMS, DAYS_BETWEEN_FALSE_WARNINGS, Budget
from monitoring.controller.watch import LEAST_PHOTOS_A_WEEK, WatchSettings
from serving.contract.model import MODEL_NAME

STATE_VARIABLE: Final = "SYMMETRA_DRIFT_STATE"
DEFAULT_STATE: Final = Path("drift") / "drift.json"
DEFAULT_PROMETHEUS: Final = "http://127.0.0.1:9090"
DEFAULT_PORT: Final = 9109
DEFAULT_INTERVAL_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one controller.

    Attributes:
        prometheus: Address of its API.
        state: File of the state; profiles and restarts lie beside it.
        repository: Root of the model repository, for estimates of performance; None for none.
        model: Name in it.
        listen: Address of the metrics.
        port: Port of the metrics.
        interval_seconds: Between two looks.
        job: Scrape job of the gateways.
        site_label: That tells sites apart; "" where there is one.
        controller: The rest.
        once: Look once and end.
    """

    prometheus: str
    state: Path
    repository: Path | None
    model: str
    listen: str
    port: int
    interval_seconds: float
    job: str
    site_label: str
    controller: ControllerSettings
    once: bool = False


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the command line; a mistake in it ends the program with code 2 and a sentence, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="python -m monitoring drift controller",
        description="Adds up what the gateways counted, and says when answers or photos left their reference.",
    )
    variable = environment.get
    parser.add_argument(
        "--prometheus",
        type=address,
        default=variable("SYMMETRA_PROMETHEUS_URL") or DEFAULT_PROMETHEUS,
        metavar="URL",
        help="its API (SYMMETRA_PROMETHEUS_URL; default: %(default)s)",
    )
    add_state(parser, environment)
    parser.add_argument(
        "--repository",
        type=Path,
        default=variable("SYMMETRA_MODEL_REPOSITORY"),
        metavar="ROOT",
        help="folder of all models: with it, performance is estimated from the version's calibration",
    )
    parser.add_argument("--model", default=variable("SYMMETRA_MODEL_NAME") or MODEL_NAME, metavar="NAME")
    parser.add_argument(
        "--listen", default="127.0.0.1", metavar="ADDRESS", help="of the metrics (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=number_from(int, 1, 65_535), default=DEFAULT_PORT, help="of the metrics (default: %(default)s)"
    )
    parser.add_argument(
        "--interval",
        type=number_from(float, 0.1, 3_600),
        default=DEFAULT_INTERVAL_SECONDS,
        metavar="SECONDS",
        help="between two looks (default: %(default)g)",
    )
    parser.add_argument("--job", default="gateway", help="scrape job of the gateways (default: %(default)s)")
    parser.add_argument(
        "--site-label",
        default="",
        metavar="NAME",
        help="label that tells sites apart, if there is one; rules and dashboards read `site`",
    )
    add_budget(parser)
    parser.add_argument(
        "--per-day",
        type=number_from(float, 1, 10_000_000),
        metavar="PHOTOS",
        help="photos a day of each site (default: as counted)",
    )
    parser.add_argument(
        "--least-photos-a-week",
        type=number_from(int, 1, 1_000_000),
        default=LEAST_PHOTOS_A_WEEK,
        metavar="PHOTOS",
        help="fewer are insufficient data (default: %(default)s)",
    )
    parser.add_argument(
        "--subjects-pinned", action="store_true", help="the ingress sends a subject always to the same gateway"
    )
    parser.add_argument(
        "--most-photos-per-person",
        type=number_from(int, 1, 1_000),
        metavar="PHOTOS",
        help="on one day, as the site states it",
    )
    parser.add_argument("--once", action="store_true", help="look once, and end with 0 or 1")
    given = parser.parse_args(arguments)
    budget = Budget(given.days_between_false_alarms, given.days_between_false_warnings, 86_400.0 / given.interval)
    watch = WatchSettings(budget, given.per_day, given.least_photos_a_week)
    return Settings(
        prometheus=given.prometheus,
        state=given.state,
        repository=given.repository,
        model=given.model,
        listen=given.listen,
        port=given.port,
        interval_seconds=given.interval,
        job=given.job,
        site_label=given.site_label,
        controller=ControllerSettings(watch, given.subjects_pinned, given.most_photos_per_person),
        once=given.once,
    )


def add_state(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """The file that every drift command shares."""
    parser.add_argument(
        "--state",
        type=Path,
        default=environment.get(STATE_VARIABLE) or DEFAULT_STATE,
        metavar="FILE",
        help=f"the controller's state ({STATE_VARIABLE}; default: %(default)s)",
    )


def add_budget(parser: argparse.ArgumentParser) -> None:
    """What a site tolerates."""
    for tier, days in (("alarms", DAYS_BETWEEN_FALSE_ALARMS), ("warnings", DAYS_BETWEEN_FALSE_WARNINGS)):
        parser.add_argument(
            f"--days-between-false-{tier}",
            type=number_from(float, 1, 3_650),
            default=days,
            metavar="DAYS",
            help="on average, at least (default: %(default)g)",
        )


def address(text: str) -> str:
    """An address of an HTTP API."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        message = f"{text!r} is no address: give http://name:port or https://name:port"
        raise argparse.ArgumentTypeError(message)
    return text.rstrip("/")


def number_from(kind: type[int | float], least: float, most: float) -> Callable[[str], float]:
    """A number between two bounds, for argparse."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(least) - 1
        if not math.isfinite(value) or not least <= value <= most:
            message = f"{text!r} is not a number from {least:g} to {most:g}"
            raise argparse.ArgumentTypeError(message)
        return value

    return read
