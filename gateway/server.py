"""The HTTP server: gunicorn with one worker process, started from our settings and from nothing else.

One process per gateway, scaled by more gateways: gRPC channels do not survive a fork, and counters of several processes
would have to be merged (DECISIONS).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn import glogging
from gunicorn.app.base import BaseApplication

from gateway.logs import JsonLines
from gateway.settings import Settings
from gateway.worker import GatewayWorker

if TYPE_CHECKING:
    import flask

HEARTBEAT_SECONDS = 60
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - holds gunicorn's heartbeat file, which is empty
MAX_HEADERS = 64


class GunicornLogger(glogging.Logger):  # type: ignore[misc]  # gunicorn has no type stubs
    """gunicorn's own messages through the same formatter; its access log stays off, ours names routes, not paths."""

    def setup(self, cfg: object) -> None:
        """Called by gunicorn with its configuration."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())


class GatewayServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no type stubs
    """gunicorn for one gateway.

    Args:
        settings: How it runs.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn; its own files and environment variables are not read."""
        for name, value in server_options(self.settings).items():
            self.cfg.set(name, value)

    def load(self) -> flask.Flask:
        """Build the application, in the worker process."""
        from gateway.wsgi import build  # noqa: PLC0415 - gRPC must start after the fork, and gunicorn's master stays small

        return build(self.settings)


def server_options(settings: Settings) -> dict[str, Any]:
    """Our settings in gunicorn's words."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": f"{host}:{settings.port}",
        "workers": 1,
        "worker_class": GatewayWorker,
        "worker_connections": settings.connections,
        "keepalive": settings.header_timeout_seconds,
        "timeout": HEARTBEAT_SECONDS,
        "graceful_timeout": math.ceil(settings.stop_notice_seconds) + settings.stop_timeout_seconds,
        "limit_request_fields": MAX_HEADERS,
        # By default whoever connects from this machine, such as a proxy with anybody behind it, may say in a header what the
        # address is (SCRIPT_NAME), and an environment variable adds others; nothing here needs that.
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
        # gunicorn would otherwise make a control socket in the home directory, which a container may not have.
        "control_socket_disable": True,
        # The heartbeat file is touched every second; on a busy disk that can block the worker.
        "worker_tmp_dir": str(MEMORY_FOLDER) if MEMORY_FOLDER.is_dir() else None,
        "worker_exit": _close_records,
        "logger_class": GunicornLogger,
        "loglevel": settings.log_level,
    }


def _close_records(_server: object, worker: GatewayWorker) -> None:
    """At an orderly end, write what waits and what was counted, and sign how long the audit trail is by then."""
    from gateway.records.assembly import RECORDS_EXTENSION  # noqa: PLC0415 - in the worker it is there already

    app: flask.Flask | None = getattr(worker, "wsgi", None)
    records = None if app is None else app.extensions.get(RECORDS_EXTENSION)
    if records is not None:
        records.close()
