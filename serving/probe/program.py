"""The two ways to run the probe: beside a model server for ever, or once."""

from __future__ import annotations

import json
import signal
import threading
import time
from typing import TYPE_CHECKING, Final, TextIO

from serving.probe.device import Device, DeviceReport, find_device
from serving.probe.http_api import HttpApi, HttpServer
from serving.probe.logs import log
from serving.probe.observation import Observation, Outcome, observe
from serving.probe.pinned import NotPinned, PinWatch
from serving.probe.prober import Prober
from serving.probe.server_metrics import MetricsSource
from serving.probe.settings import LOOPBACK, read_settings
from serving.repository import ModelRepository, RepositoryError
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from serving.probe.settings import Settings

READY: Final = 0
NOT_READY: Final = 1
WRONG_SETTINGS: Final = 2
BUSY: Final = 75
"""EX_TEMPFAIL of sysexits.h: nothing was learned, ask again. Only who remembers earlier looks can say what busy means."""
METRICS_SECONDS: Final = 2.0
"""For the server's own page: Prometheus gives up after 10 s by default, and the probe's part must still reach it."""


def run(arguments: Sequence[str], out: TextIO) -> int:
    """Run as the command line says and return the exit code.

    Args:
        arguments: What followed the program's name.
        out: Where the result of `check` goes.
    """
    settings = read_settings(arguments)
    try:
        watch = PinWatch(ModelRepository(settings.repository, settings.model))
    except RepositoryError as error:
        log("cannot start", reason=str(error))
        return WRONG_SETTINGS
    with open_channel(settings.server) as channel:
        client = ModelServerClient(channel)
        return _check(settings, client, watch, out) if settings.mode == "check" else _serve(settings, client, watch)


def _serve(settings: Settings, client: ModelServerClient, watch: PinWatch) -> int:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    source = MetricsSource(LOOPBACK, settings.rest_port, settings.metrics_path)

    def find() -> DeviceReport:
        # Only who asked for a GPU wants to know, and the page is 100 KB.
        page = source.fetch(METRICS_SECONDS) if settings.device is Device.GPU else ""
        return find_device(settings.device, page)

    prober = Prober(client, watch, find, crops_per_look=settings.crops, deadline_seconds=settings.deadline)
    api = HttpApi(lambda: prober.findings, lambda: source.fetch(METRICS_SECONDS))
    try:
        server = HttpServer(api, settings.listen, settings.port)
    except OSError as error:
        log("cannot listen", address=settings.listen, port=settings.port, reason=error.strerror)
        return WRONG_SETTINGS
    log("listening", address=settings.listen, port=server.port, server=settings.server, model=settings.model)
    try:
        # In the main thread: if looking should ever fail, the process ends and does not go on saying what it knew last.
        prober.run(stop, settings.interval)
    finally:
        server.close()
    log("stopped")
    return 0


def _check(settings: Settings, client: ModelServerClient, watch: PinWatch, out: TextIO) -> int:
    version = None
    try:
        pinned = watch.current()
    except NotPinned as error:
        observation = Observation(Outcome.NOT_PINNED, str(error))
    else:
        version = pinned.pin.version
        # It remembers nothing from one call to the next, and yet should not ask about the same crops for ever.
        golden = pinned.choose(int(time.time()), settings.crops)
        observation = observe(client, pinned.pin, golden, settings.deadline)
    line: dict[str, object] = {"outcome": observation.outcome, "reason": observation.reason, "version": version}
    if observation.golden is not None:
        line["golden"] = observation.golden.as_dict()
    out.write(json.dumps(line) + "\n")
    return {Outcome.RIGHT: READY, Outcome.BUSY: BUSY}.get(observation.outcome, NOT_READY)
