"""One server process: flags to running parts, and a clean end."""

from __future__ import annotations

import gc
import importlib.metadata
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from serving.server.batching import BatchScheduler
from serving.server.batching_settings import read_batching
from serving.server.config import read_metrics_path
from serving.server.errors import Code, FlagMalformed, FlagUnsupported, InvalidArgument, StatusError
from serving.server.flags import Flags, parse_flags, usage
from serving.server.grpc_api import GrpcApi, read_channel_arguments, start_grpc_server
from serving.server.health import HealthService
from serving.server.logs import log
from serving.server.manager import LoadRules, ModelManager
from serving.server.metrics import ServerMetrics
from serving.server.model_config import read_config
from serving.server.registry import ModelRegistry
from serving.server.reload import ConfigPoller, ConfigReloader
from serving.server.reload_call import ReloadCall
from serving.server.rest_api.api import RestApi
from serving.server.rest_api.http_server import RestServer
from serving.server.services import Services
from serving.server.tls import read_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    import grpc

MAX_PORT: Final = 65535
PROGRAM: Final = "python -m serving.server"
CONTRACT_VERSION: Final = "2.20.0"
"""The release of TensorFlow Serving whose flags, codes and messages are followed here."""
UNINSTALLED_VERSION: Final = "source"
"""What `--version` says where Symmetra runs from its source tree without being installed."""
ARRIVING_SECONDS: Final = 0.2
"""How long calls are still let in after SIGTERM."""
FAILED: Final = 255
"""TensorFlow Serving's exit code for everything that keeps it from starting."""


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code.

    Args:
        arguments: What followed the program's name.
        environment: The process environment.
        out: Where usage, versions and the reason of a failed start go, as theirs.
    """
    try:
        flags, unknown, ignored = parse_flags(arguments, environment)
    except (FlagMalformed, FlagUnsupported) as error:
        out.write(f"{error}\n")
        if isinstance(error, FlagMalformed):
            out.write(usage(PROGRAM))
        return FAILED
    if "--help" in unknown:
        out.write(usage(PROGRAM))
        return 0
    if flags.version:
        out.write(
            f"TensorFlow ModelServer: {CONTRACT_VERSION}+symmetra.{_symmetra_version()}\n"
            f"TensorFlow Library: {_tensorflow_version()}\n"
        )
        return 0
    out.writelines(f"unknown argument: {argument}\n{usage(PROGRAM)}" for argument in unknown)
    out.flush()
    for name, reason in ignored.items():
        log("flag without effect", flag=name, reason=reason)
    try:
        server = _serve_until_stopped(flags)
    except StatusError as error:
        out.write(f"Failed to start server. Error: {error}\n")
        return FAILED
    except Exception as error:  # noqa: BLE001 - a fault of ours: one line for who started it, the rest for the log
        log("start failed", trace=traceback.format_exc())
        words = " ".join(f"{type(error).__name__}: {error}".split())
        out.write(f"Failed to start server. Error: {Code.INTERNAL.name}: {words}\n")
        return FAILED
    server.drain()
    log("stopped")
    return 0


def _serve_until_stopped(flags: Flags) -> ModelServer:
    stopping = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            # Asked twice: somebody does not want to wait for the calls in flight.
            sys.exit(128 + number)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server = ModelServer(flags)
    try:
        server.start(stopping)
        stopping.wait()
    except BaseException:
        server.stop()
        raise
    return server


class ModelServer:
    """All parts of one server.

    Args:
        flags: As read from the command line.

    Raises:
        StatusError: A config that cannot be used.
    """

    def __init__(self, flags: Flags) -> None:
        # TensorFlow takes seconds to import: a wrong flag or file is named before that.
        _check_ports(flags)
        self._model_config = read_config(flags)
        batching = read_batching(flags)
        metrics_path = read_metrics_path(flags)
        self._channel_arguments = read_channel_arguments(flags.grpc_channel_arguments)
        self._addresses = _grpc_addresses(flags)
        self._credentials = read_credentials(Path(flags.ssl_config_file)) if flags.ssl_config_file else None
        self._flags = flags
        from serving.server.loader import ServableLoader  # noqa: PLC0415 - imports TensorFlow, see above

        metrics = ServerMetrics()
        self._registry = ModelRegistry(
            labels_may_name_unavailable_versions=flags.allow_version_labels_for_unavailable_models
        )
        scheduler = BatchScheduler(batching, metrics) if batching else None
        self._manager = ModelManager(
            self._registry,
            ServableLoader(flags, scheduler, metrics),
            LoadRules(
                float(flags.file_system_poll_wait_seconds),
                flags.max_num_load_retries,
                flags.load_retry_interval_micros / 1e6,
                flags.num_load_threads,
                flags.num_unload_threads,
            ),
        )
        self._reloader = ConfigReloader(self._registry, self._manager)
        self._poller = _config_poller(flags, self._reloader)
        self._health = HealthService() if flags.enable_grpc_healthcheck_service else None
        services = Services(self._registry, metrics, as_content=flags.enable_serialization_as_tensor_content)
        reload_call = ReloadCall(self._reloader, metrics)
        self._grpc_api = GrpcApi(services, reload_call, self._health, flags.grpc_max_threads)
        self._rest_api = RestApi(
            services,
            metrics,
            metrics_path,
            timeout_seconds=flags.rest_api_timeout_in_ms / 1000 if flags.rest_api_timeout_in_ms > 0 else None,
            allows_other_origins=flags.rest_api_enable_cors_support,
        )
        self._grpc_server: grpc.Server | None = None
        self._rest_server: RestServer | None = None
        self._socket_file: tuple[int, int] | None = None

    def start(self, stopping: threading.Event) -> None:
        """Load every model, then open the ports; returns early where `stopping` is set meanwhile.

        Raises:
            StatusError: A model did not become available, or a port is taken.
        """
        watcher = threading.Thread(target=self._stop_loading_when, args=(stopping,), daemon=True)
        watcher.start()
        self._reloader.begin(self._model_config, stopping)
        if stopping.is_set():
            return
        # What TensorFlow left behind at import never dies: passing over it makes every later collection short.
        gc.collect()
        gc.freeze()
        self._grpc_server = start_grpc_server(
            self._grpc_api, self._addresses, self._channel_arguments, self._credentials
        )
        self._socket_file = self._find_socket_file()
        log("gRPC is served", addresses=self._addresses)
        if self._poller is not None:
            self._poller.start()
        if self._flags.rest_api_port and self._flags.rest_api_port == self._flags.port:
            log("--rest_api_port cannot be same as --port. Skipped exporting HTTP/REST API.")
        elif self._flags.rest_api_port:
            self._rest_server = RestServer(
                self._rest_api,
                self._flags.listen_address,
                self._flags.rest_api_port,
                self._flags.rest_api_num_threads,
            )
            log("REST is served", address=self._flags.listen_address, port=self._rest_server.port)

    def drain(self) -> None:
        """Refuse new calls and let those in flight be answered, within the grace period; the process may end then.

        The gRPC port is left to the end of the process. Its own shutdown cancels calls that arrive meanwhile (measured: up to
        six of eight callers saw CANCELLED, one waited for ever); a port that is gone with its process is UNAVAILABLE to
        everybody, as with TensorFlow Serving, and callers ask another server. The REST port is closed at once, and its
        requests have the same time as gRPC's. A load that runs is not waited for.
        """
        grace_seconds = self._flags.shutdown_grace_seconds
        self._stop_changing()
        log("stopping", grace_seconds=grace_seconds)
        # A signal overtakes calls that the kernel has taken but no thread has begun: these are let in.
        time.sleep(min(ARRIVING_SECONDS, grace_seconds))
        self._grpc_api.gate.close()
        rest_closing: threading.Thread | None = None
        if self._rest_server is not None:
            # Beside gRPC's wait, so that neither takes from the time of the other.
            rest_closing = threading.Thread(target=self._rest_server.close, args=(grace_seconds,), daemon=True)
            rest_closing.start()
        if not self._grpc_api.gate.wait_until_empty(grace_seconds):
            log("calls in flight are given up", grace_seconds=grace_seconds)
        if rest_closing is not None:
            rest_closing.join()
        # Another server may have bound the same path since: its file is not this one's to remove.
        if self._socket_file is not None and self._find_socket_file() == self._socket_file:
            Path(self._flags.grpc_socket_path).unlink(missing_ok=True)

    def stop(self) -> None:
        """Refuse new calls, let calls in flight and a load that runs end within the grace period, and free everything."""
        grace_seconds = self._flags.shutdown_grace_seconds
        ends_at = time.monotonic() + grace_seconds
        # Nothing is waited for before the ports are closed: a load that runs can take minutes.
        self._stop_changing()
        finished: threading.Event | None = None
        if self._grpc_server is not None:
            log("stopping", grace_seconds=grace_seconds)
            finished = self._grpc_server.stop(grace_seconds)
        if self._rest_server is not None:
            self._rest_server.close(max(0.0, ends_at - time.monotonic()))
        if finished is not None:
            finished.wait()
        self._manager.close(max(0.0, ends_at - time.monotonic()))

    def _stop_changing(self) -> None:
        """Take no other config, load nothing more, and say so to whoever watches health. Waits for nothing."""
        if self._poller is not None:
            self._poller.stop()
        if self._health is not None:
            self._health.stop()
        self._manager.stop_loading()

    def _find_socket_file(self) -> tuple[int, int] | None:
        """Device and inode of what lies at --grpc_socket_path; None where nothing does."""
        try:
            found = Path(self._flags.grpc_socket_path).stat() if self._flags.grpc_socket_path else None
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found else None

    def _stop_loading_when(self, stopping: threading.Event) -> None:
        stopping.wait()
        self._manager.stop_loading()


def _check_ports(flags: Flags) -> None:
    for name, port in {"port": flags.port, "rest_api_port": flags.rest_api_port}.items():
        # gRPC would take it modulo 65536, without a word.
        if not 0 <= port <= MAX_PORT:
            message = f"--{name}={port}: ports are between 1 and {MAX_PORT}, and 0 means none."
            raise InvalidArgument(message)


def _grpc_addresses(flags: Flags) -> list[str]:
    host = f"[{flags.listen_address}]" if ":" in flags.listen_address else flags.listen_address
    addresses = [f"{host}:{flags.port}"] if flags.port else []
    if flags.grpc_socket_path:
        addresses.append(f"unix:{flags.grpc_socket_path}")
    if not addresses:
        message = "At least one of server_options.grpc_port or server_options.grpc_socket_path must be set."
        raise InvalidArgument(message)
    return addresses


def _config_poller(flags: Flags, reloader: ConfigReloader) -> ConfigPoller | None:
    if not flags.model_config_file or not flags.model_config_file_poll_wait_seconds:
        return None
    return ConfigPoller(Path(flags.model_config_file), float(flags.model_config_file_poll_wait_seconds), reloader)


def _symmetra_version() -> str:
    try:
        return importlib.metadata.version("symmetra")
    except importlib.metadata.PackageNotFoundError:
        return UNINSTALLED_VERSION


def _tensorflow_version() -> str:
    from serving.server.savedmodel import TENSORFLOW_VERSION  # noqa: PLC0415 - imports TensorFlow for seconds

    return TENSORFLOW_VERSION
