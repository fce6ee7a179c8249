"""The operator page, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import flask

from gateway.access.secret_keys import SecretKeys
from gateway.operating.facts import FactReader
from gateway.operating.orders import Noting, Orders
from gateway.operator_page import create_operator_page
from gateway.pin import PinReader
from gateway.records.kept_names import kept_name
from gateway.records.record_keys import record_keys_of
from gateway.settings import Settings
from gateway.stop.file_thread import FileThread
from gateway.stop.pause_reader import PauseReader
from gateway.stop.sentinel import Sentinel
from gateway.stop.stop_switch import StopSwitch
from monitoring.metrics import Metrics
from serving.repository import ModelRepository

if TYPE_CHECKING:  # imported only where the settings ask for them
    from gateway.operating.charts import Chart
    from gateway.operating.drift import DriftSeen
    from gateway.records.assembly import Records
    from gateway.records.audit.trail import AuditTrail


def create_operating(
    settings: Settings,
    repository: ModelRepository,
    *,
    pins: PinReader,
    pauses: PauseReader,
    sentinel: Sentinel,
    metrics: Metrics,
    records: Records | None,
) -> flask.Blueprint:
    """The routes of the operator page, with what they show and do."""
    facts = FactReader(
        repository,
        pins,
        pauses,
        sentinel,
        read_charts=None if settings.prometheus_url is None else _charts_of(settings.prometheus_url),
        read_drift=None if settings.prometheus_url is None else _drift_of(settings.prometheus_url),
    )
    orders = Orders(
        StopSwitch(repository.directory),
        sentinel.look_closely,
        FileThread(),
        None if records is None else _noting_in(records.trail),
    )
    keys = _naming_keys(settings)
    return create_operator_page(settings, facts, orders, metrics.registry, lambda name: kept_name(name, keys))


def _charts_of(address: str) -> Callable[[], list[Chart] | None]:
    from gateway.operating.charts import read_charts  # noqa: PLC0415 - only where a Prometheus is set
    from gateway.operating.prometheus import Prometheus  # noqa: PLC0415 - as above

    prometheus = Prometheus(address)
    return lambda: read_charts(prometheus)


def _drift_of(address: str) -> Callable[[], DriftSeen | None]:
    from gateway.operating.drift import read_drift  # noqa: PLC0415 - only where a Prometheus is set
    from gateway.operating.prometheus import Prometheus  # noqa: PLC0415 - as above

    prometheus = Prometheus(address)
    return lambda: read_drift(prometheus)


def _noting_in(trail: AuditTrail) -> Noting:
    from gateway.records.audit.event import AuditEvent, AuditKind  # noqa: PLC0415 - only where records are on

    def note(order: str, by: str, details: dict[str, str]) -> None:
        trail.note(AuditEvent(AuditKind(order), by, details=details))

    return note


def _naming_keys(settings: Settings) -> SecretKeys:
    """Under which people are named in the stop switch's history: as in the records, where there are any."""
    if settings.record_key_file is None and settings.session_key_file is not None:
        return SecretKeys.read(settings.session_key_file)
    return record_keys_of(settings)
