"""Replacing the model config while the server runs: at the start, by a call, and by reading its file again.

The order of effects is that of ServerCore::ReloadConfig (tensorflow_serving/model_servers/server_core.cc), traps included:
the config counts as taken before its labels are checked, so the next one is compared with it also where it failed; and
labels are swapped before what comes after them can fail.
"""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from serving.server.errors import FailedPrecondition, StatusError
from serving.server.logs import log
from serving.server.model_config import (
    check_list,
    check_logging,
    check_platforms_stay,
    labels_of,
    read_config_file,
    settings_of,
)
from serving.wire.server_config_pb2 import ModelServerConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving.server.manager import ModelManager
    from serving.server.registry import ModelRegistry

_LIST: Final = "model_config_list"
_AWAIT_SECONDS: Final = 0.1


class ConfigReloader:
    """The model config in force. One change at a time, from any thread.

    Args:
        registry: Where labels are kept.
        manager: What loads and unloads models.
    """

    def __init__(self, registry: ModelRegistry, manager: ModelManager) -> None:
        self._registry = registry
        self._manager = manager
        self._config = ModelServerConfig()
        self._lock = threading.Lock()

    def begin(self, config: ModelServerConfig, stopping: threading.Event) -> None:
        """Take the first config and load its models.

        Raises:
            StatusError: What keeps the server from starting; Unknown where a model did not become available.
        """
        with self._lock:
            self._take(config)
            self._manager.start()
            if not stopping.is_set():
                check_logging(config.model_config_list)

    def reload(self, config: ModelServerConfig, is_awaited: Callable[[], bool]) -> None:
        """Replace the config, and wait until each model that it adds answers or cannot be loaded.

        Where nobody waits any more when the turn comes, nothing is taken: whoever gave up may have asked for something
        else since, and would not know of an older wish that comes true later.

        Args:
            config: The new config.
            is_awaited: Whether somebody still waits for the models; asked a few times in a second.

        Raises:
            StatusError: Why the config was not taken, or what of it failed.
        """
        while not self._lock.acquire(timeout=_AWAIT_SECONDS):
            if not is_awaited():
                return
        try:
            if not is_awaited():
                return
            self._manager.await_available(self._take(config), is_awaited)
            check_logging(config.model_config_list)
        finally:
            self._lock.release()

    def _take(self, config: ModelServerConfig) -> frozenset[str]:
        """Labels at once, models as the manager gets to them; the names of those that are new."""
        if self._config.HasField(_LIST) and not config.HasField(_LIST):
            message = "Cannot transition to requested config. It is only legal to transition from one ModelConfigList to another."
            raise FailedPrecondition(message)
        if not config.HasField(_LIST):
            log("no action for an empty model config")
            return frozenset()
        check_list(config.model_config_list)
        check_platforms_stay(self._config.model_config_list, config.model_config_list)
        self._config = config
        self._registry.set_labels(labels_of(config.model_config_list))
        return self._manager.configure(settings_of(config.model_config_list))


class ConfigPoller:
    """Reads the config file again every so often, and reloads whatever it holds: also labels of a file that did not change.

    A model of the file that never answers, such as one with a wrong base path, is waited for only until the file changes:
    otherwise the file that corrects it would never be read.

    Args:
        path: The file.
        poll_seconds: How often.
        reloader: Takes the config.
    """

    def __init__(self, path: Path, poll_seconds: float, reloader: ConfigReloader) -> None:
        self._path = path
        self._poll_seconds = poll_seconds
        self._reloader = reloader
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="config-poller", daemon=True)

    def start(self) -> None:
        """Begin to poll, first after one interval."""
        self._thread.start()

    def stop(self) -> None:
        """Read the file no more. Returns at once."""
        self._stopping.set()

    def _poll(self) -> None:
        while not self._stopping.wait(self._poll_seconds):
            try:
                # Before the file is read: a change in between ends the wait at once, and is read next.
                read = self._identity()
                self._reloader.reload(read_config_file(self._path), functools.partial(self._still_holds, read))
            except StatusError as error:
                log("model config not taken", error=str(error))
            except Exception as error:  # noqa: BLE001 - a dead poller would never take another config, silently
                log("polling the model config failed", error=f"{type(error).__name__}: {error}")

    def _still_holds(self, read: tuple[int, int, int] | None) -> bool:
        """Whether polling goes on and the file is the one that was read."""
        return not self._stopping.is_set() and self._identity() == read

    def _identity(self) -> tuple[int, int, int] | None:
        """What differs once the file was written or replaced; None where it cannot be looked at."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
