"""Loads, swaps and unloads versions, so that what is served is what the config wants of what lies on disk.

After tensorflow_serving/core/aspired_versions_manager.cc with its availability-preserving policy: an old version keeps
answering until the new one is ready, and is unloaded only when no call uses it any more. So a new version never fails a
call, at the price of both in memory for a moment; and one that cannot be loaded changes nothing.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from serving.server.errors import NotFound, StatusError, Unknown
from serving.server.logs import log
from serving.server.registry import AVAILABLE, END, LOADING, UNLOADING, ModelRegistry, Version
from serving.server.servable import Servable
from serving.server.versions import choose_versions, find_versions

if TYPE_CHECKING:
    from serving.server.config import ModelSettings

Load: TypeAlias = Callable[[str, int, Path], Servable]
"""Makes a servable of a model's name, a version's number and its directory, warmed up; raises StatusError."""

_FAR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class LoadRules:
    """When to look for versions, and how often to try to load one. 0 for an interval of looking means once."""

    poll_seconds: float = 1.0
    max_retries: int = 5
    retry_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """Where the config comes from again, and how often; `read` raises StatusError for one that cannot be used."""

    read: Callable[[], Sequence[ModelSettings]]
    poll_seconds: float


@dataclass(slots=True)
class _Watched:
    """What is wanted of one model. It stays, wanting nothing, when the model leaves the config."""

    settings: ModelSettings | None = None
    aspired: dict[int, Path] = field(default_factory=dict)
    must_look: bool = True


class ModelManager:
    """Changes a registry to what config and disk ask for, in a thread of its own.

    Args:
        models: What to serve at first.
        registry: Where versions are kept and requests find them.
        load: Loads one version.
        rules: When to look and how often to try.
        config: Read again every so often; None where it is read once.

    Raises:
        FailedPrecondition: A label names a version that is not available.
    """

    def __init__(
        self,
        models: Sequence[ModelSettings],
        registry: ModelRegistry,
        load: Load,
        rules: LoadRules,
        config: ConfigSource | None = None,
    ) -> None:
        self._registry = registry
        self._load = load
        self._rules = rules
        self._config = config
        self._watched: dict[str, _Watched] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="model-manager", daemon=True)
        self.configure(models)

    def configure(self, models: Sequence[ModelSettings]) -> None:
        """Replace what is served: labels at once, versions as the manager's thread gets to them.

        Raises:
            FailedPrecondition: A label would name a version that is not available; then nothing changes.
        """
        self._registry.set_labels(models)
        named = {settings.name: settings for settings in models}
        watched = {name: self._watched.get(name, _Watched()) for name in self._watched.keys() | named.keys()}
        for name, model in watched.items():
            model.must_look = model.must_look or model.settings != named.get(name)
            model.settings = named.get(name)
        self._watched = watched

    def start(self) -> None:
        """Load until every model answers, then keep watching; returns early after `stop`.

        Raises:
            Unknown: Every version of some model failed for good; nothing is watched then.
        """
        while not self._stopping.is_set():
            self._look()
            self._reconcile()
            self._refuse_what_failed()
            if all(self._has_ready(name) for name in self._watched):
                self._thread.start()
                return
            self._stopping.wait(self._seconds_to_next_look())

    def stop_loading(self) -> None:
        """Start nothing more; a load that runs is not cut short. Returns at once; may be called from any thread."""
        self._stopping.set()
        self._registry.stop_waiting()

    def stop(self, timeout_seconds: float | None = None) -> None:
        """Stop loading and watching; what is loaded keeps answering.

        Args:
            timeout_seconds: How long to wait for a load that runs; None waits for its end.
        """
        self.stop_loading()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            log("a load did not end in time", timeout_seconds=timeout_seconds)

    def close(self, timeout_seconds: float | None = None) -> None:
        """Stop, see `stop`, and unload every version that no call uses."""
        self.stop(timeout_seconds)
        for name in self._watched:
            for version in self._registry.versions(name):
                if version.state in {AVAILABLE, UNLOADING}:
                    self._unload(name, version, wait=False)

    def _has_ready(self, name: str) -> bool:
        return any(version.state == AVAILABLE for version in self._registry.versions(name))

    def _refuse_what_failed(self) -> None:
        failed = []
        for name, model in self._watched.items():
            versions = {version.number: version for version in self._registry.versions(name)}
            ended = [v for number in model.aspired if (v := versions.get(number)) and v.state == END and v.error]
            if ended and len(ended) == len(model.aspired):
                failed += [(name, version.number, version.error) for version in ended]
        if failed:
            named = "".join(
                f"{{{{name: {name} version: {number}}} due to error: {error}}}, " for name, number, error in failed
            )
            message = f"{len(failed)} servable(s) did not become available: {{{named}}}"
            raise Unknown(message)

    def _watch(self) -> None:
        read_at = time.monotonic() + (self._config.poll_seconds if self._config else 0.0)
        while not self._stopping.wait(self._seconds_to_next_look()):
            try:
                if self._config and time.monotonic() >= read_at:
                    read_at = time.monotonic() + self._config.poll_seconds
                    self._read_config(self._config)
                self._look()
                self._reconcile()
            except Exception as error:  # noqa: BLE001 - a dead watcher would never load another version, silently
                log("watching failed", error=f"{type(error).__name__}: {error}")

    def _read_config(self, config: ConfigSource) -> None:
        try:
            self.configure(config.read())
        except StatusError as error:
            log("model config not taken", error=str(error))

    def _seconds_to_next_look(self) -> float:
        """How long to sleep: a poll, a retry and a config file may each be due."""
        now = time.monotonic()
        waits = [self._rules.poll_seconds, self._config.poll_seconds if self._config else 0.0]
        retries = [
            max(0.0, version.retry_at - now)
            for name in self._watched
            for version in self._registry.versions(name)
            if version.state == LOADING
        ]
        return min([wait for wait in waits if wait > 0] + retries, default=_FAR_SECONDS)

    def _look(self) -> None:
        """See which versions are on disk. A base path that is missing ends the look, as theirs: nothing is unloaded."""
        aspired: dict[str, dict[int, Path]] = {}
        for name, model in self._watched.items():
            if model.settings is None:
                aspired[name] = {}
            elif self._rules.poll_seconds > 0 or model.must_look:
                try:
                    found = find_versions(model.settings.base_path, name)
                except NotFound as error:
                    log("base path missing", error=error.message)
                    return
                aspired[name] = choose_versions(found, model.settings.policy)
                if not aspired[name]:
                    hint = "name each version directory as a number, for example 1/"
                    log("no versions", model=name, base_path=str(model.settings.base_path), hint=hint)
        for name, paths in aspired.items():
            self._watched[name].aspired = paths
            self._watched[name].must_look = False

    def _reconcile(self) -> None:
        """One action after another, until what is loaded is what is wanted."""
        for name, model in self._watched.items():
            while not self._stopping.is_set() and self._take_next_action(name, model.aspired):
                pass

    def _take_next_action(self, name: str, aspired: dict[int, Path]) -> bool:
        versions = {version.number: version for version in self._registry.versions(name)}
        ready = {number for number, version in versions.items() if version.state == AVAILABLE}
        unwanted = ready - aspired.keys()
        if unwanted and (not aspired or ready & aspired.keys() or len(unwanted) > 1):
            self._unload(name, versions[min(unwanted)], wait=True)
            return True
        for number in versions.keys() - aspired.keys() - ready:
            # Gone before it answered: not tried again, and with a clean slate should it come back.
            self._registry.end(versions[number], versions[number].error)
            versions[number].failures = 0
        loadable = [number for number in aspired if self._may_load(versions.get(number))]
        if loadable:
            self._try_to_load(name, max(loadable), aspired[max(loadable)])
        return bool(loadable)

    def _may_load(self, version: Version | None) -> bool:
        if version is None or (version.state == END and not version.failures):
            return True
        return version.state == LOADING and version.retry_at <= time.monotonic()

    def _try_to_load(self, name: str, number: int, directory: Path) -> None:
        version = self._registry.start_loading(name, number)
        log("loading", model=name, version=number)
        started = time.monotonic()
        try:
            servable = self._load(name, number, directory)
        except StatusError as error:
            self._note_failure(name, version, error)
            return
        except Exception as error:  # noqa: BLE001 - such as a directory that may not be entered: a failed load as well
            self._note_failure(name, version, Unknown(f"{type(error).__name__}: {error}"))
            return
        self._registry.make_available(version, servable)
        log("available", model=name, version=number, seconds=round(time.monotonic() - started, 3))

    def _note_failure(self, name: str, version: Version, error: StatusError) -> None:
        version.failures += 1
        version.retry_at = time.monotonic() + max(0.0, self._rules.retry_seconds)
        retries_left = self._rules.max_retries + 1 - version.failures
        log("load failed", model=name, version=version.number, error=str(error), retries_left=retries_left)
        if retries_left <= 0:
            self._registry.end(version, error)

    def _unload(self, name: str, version: Version, *, wait: bool) -> None:
        servable = self._registry.start_unloading(version, wait=wait)
        if servable is None:
            return
        servable.close()
        self._registry.end(version, None)
        del servable
        # TensorFlow's Python graph is full of cycles: without this, two or three old versions stay in memory.
        gc.collect()
        log("unloaded", model=name, version=version.number)
