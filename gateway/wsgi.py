"""The real parts, wired once, in the process that serves."""

from __future__ import annotations

import gc
import importlib.metadata

import flask
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from gateway.app import create_app
from gateway.crops import CropPool
from gateway.logs import log_event, set_up_logging
from gateway.observing import gateway_metrics
from gateway.records.assembly import RECORDS_EXTENSION
from gateway.records.single_gateway import SINGLE_GATEWAY_EXTENSION, SingleGateway
from gateway.settings import Settings
from gateway.stop.sentinel import SENTINEL_EXTENSION
from gateway.tracing import SpanSink
from gateway.upstream.assembly import connect
from monitoring.metrics import Metrics
from serving.contract.crop import make_crop
from serving.contract.face import FaceDetector
from serving.contract.model import PREPROCESSING_VERSION
from serving.contract.photo import PhotoLimits
from serving.repository import ModelRepository

UNINSTALLED_VERSION = "source"
"""Shown where the gateway runs from a source folder and not from an installed package."""


def build(settings: Settings) -> flask.Flask:
    """Build the application, open the channel to the model server, and start serving metrics."""
    set_up_logging(settings.log_level)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # twice the series, and nothing here reads them
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    metrics = gateway_metrics(registry)
    metrics.set_build(_version(), PREPROCESSING_VERSION)
    repository = ModelRepository(settings.model_repository, settings.model_name)
    predictor, shadow = connect(settings, repository, metrics)
    # Held until this process ends, however it does.
    single_gateway = None if settings.records_url is None else SingleGateway(settings.records_url)
    crops = CropPool(settings.cores, FaceDetector, make_crop, PhotoLimits(max_photo_bytes=settings.max_photo_bytes))
    spans = _open_spans(settings, metrics)
    app = create_app(
        settings,
        repository=repository,
        predictor=predictor,
        shadow=shadow,
        crops=crops,
        metrics=metrics,
        spans=spans,
    )
    app.extensions[SENTINEL_EXTENSION].start(settings.sentinel_interval_seconds)
    records = app.extensions[RECORDS_EXTENSION]
    if records is not None:
        records.start()
    app.extensions[SINGLE_GATEWAY_EXTENSION] = single_gateway
    start_http_server(settings.metrics_port, settings.metrics_host, registry)
    fields = {
        name: getattr(settings, name)
        for name in ("host", "port", "metrics_port", "model_server", "cores", "intended_use")
    }
    log_event("gateway started", fields)
    # What is here now stays: the collector need not walk it again, which would pause every request for a while.
    gc.collect()
    gc.freeze()
    return app


def _open_spans(settings: Settings, metrics: Metrics) -> SpanSink | None:
    if settings.traces_url is None:
        return None
    from gateway.spans.exporter import SpanExporter  # noqa: PLC0415 - only where the settings name a collector

    spans = SpanExporter(settings.traces_url, _version(), metrics)
    spans.start()
    return spans


def _version() -> str:
    try:
        return importlib.metadata.version("symmetra")
    except importlib.metadata.PackageNotFoundError:
        return UNINSTALLED_VERSION
