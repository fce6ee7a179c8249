"""The controller as a program: metrics on their port, a look every so often, until it is told to stop."""

from __future__ import annotations

import functools
import time

from prometheus_client import CollectorRegistry

from monitoring.controller.controller import Controller
from monitoring.controller.estimates import probabilities_of_bins
from monitoring.controller.places import Place
from monitoring.controller.prometheus import Prometheus
from monitoring.controller.settings import Settings
from monitoring.controller.source import PrometheusSource
from monitoring.log import log
from monitoring.looking import look_until_stopped
from monitoring.profile import read_profile
from serving.repository import ModelRepository, RepositoryError


def watch(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT, or for one look; 0, or 1 where that look failed.

    Raises:
        OSError: the port of the metrics cannot be had, or a damaged state cannot be put aside.
        RepositoryError: the model's name is none.
    """
    controller = build(settings)
    controller.resume()
    if settings.once:
        return 0 if controller.look() else 1
    registry = CollectorRegistry()
    registry.register(controller.shown)
    look_until_stopped(
        lambda: _look_safely(controller),
        registry,
        host=settings.listen,
        port=settings.port,
        interval_seconds=settings.interval_seconds,
        started=lambda: log(
            "drift controller started", prometheus=settings.prometheus, port=settings.port, state=str(settings.state)
        ),
    )
    return 0


def build(settings: Settings) -> Controller:
    """Put together from settings.

    Raises:
        RepositoryError: the model's name is none.
    """
    source = PrometheusSource(Prometheus(settings.prometheus), job=settings.job, site_label=settings.site_label)
    controller = Controller(source, time.time, settings.controller, settings.state)
    if settings.repository is not None:
        repository = ModelRepository(settings.repository, settings.model)
        controller.probabilities = lambda place: _probabilities_of(repository, place)
    return controller


def _probabilities_of(repository: ModelRepository, place: Place) -> tuple[float, ...] | None:
    """Of the pinned version alone: its digest is in the pin."""
    try:
        pin = repository.pin()
    except (RepositoryError, OSError):
        return None
    if str(pin.version) != place.version:
        return None
    return _probabilities(repository, pin.version, pin.digest)


@functools.lru_cache(maxsize=4)
def _probabilities(repository: ModelRepository, version: int, digest: str) -> tuple[float, ...] | None:
    profile = read_profile(repository, version, digest).profile
    return None if profile is None else probabilities_of_bins(profile.reliability)


def _look_safely(controller: Controller) -> None:
    """A look that breaks is no reason to stop looking: silence is what the alert on the last look tells."""
    try:
        controller.look()
    except Exception as error:  # noqa: BLE001 - whatever it is, the next look may be better
        log("look failed", error=type(error).__name__, says=str(error))
