"""Loads, swaps and unloads versions, so that what is served is what the config wants of what lies on disk.

After tensorflow_serving/core/aspired_versions_manager.cc with its availability-preserving policy: an old version keeps
answering until the new one is ready, and is unloaded only when no call uses it any more. So a new version never fails a
call, at the price of both in memory for a moment; and one that cannot be loaded changes nothing.
"""

from __future__ import annotations

import functools
import gc
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from serving.server.errors import NotFound, StatusError, Unknown
from serving.server.logs import log
from serving.server.registry import AVAILABLE, END, LOADING, UNLOADING, ModelRegistry, Version
from serving.server.servable import Servable
from serving.server.versions import Specific, choose_versions, find_versions
from serving.server.workers import Workers

if TYPE_CHECKING:
    from serving.server.model_config import ModelSettings

Load: TypeAlias = Callable[[str, int, Path], Servable]
"""Makes a servable of a model's name, a version's number and its directory, warmed up; raises StatusError."""

_FAR_SECONDS = 3600.0
_AWAIT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class LoadRules:
    """When to look for versions, how often to try to load one, and in how many threads.

    0 for an interval of looking means once; 0 threads means one after the other, in the manager's own thread. The first
    load of all models has threads of its own, as theirs.
    """

    poll_seconds: float = 1.0
    max_retries: int = 5
    retry_seconds: float = 60.0
    load_threads: int = 0
    unload_threads: int = 0
    first_load_threads: int = field(default_factory=lambda: 4 * (os.cpu_count() or 1))


@dataclass(slots=True)
class _Watched:
    """What is wanted of one model. It stays, wanting nothing, when the model leaves the config."""

    settings: ModelSettings | None = None
    aspired: dict[int, Path] = field(default_factory=dict)
    must_look: bool = True
    is_loading: bool = False


class ModelManager:
    """Changes a registry to what config and disk ask for, in a thread of its own.

    Args:
        registry: Where versions are kept and requests find them.
        load: Loads one version; called from several threads.
        rules: When to look, how often to try, and in how many threads.
    """

    def __init__(self, registry: ModelRegistry, load: Load, rules: LoadRules) -> None:
        self._registry = registry
        self._load = load
        self._rules = rules
        self._lock = threading.Lock()
        self._watched: dict[str, _Watched] = {}
        self._loaders = Workers(rules.first_load_threads)
        self._unloaders = Workers(rules.unload_threads)
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="model-manager", daemon=True)

    def configure(self, models: Sequence[ModelSettings]) -> frozenset[str]:
        """Replace what is served, as the manager's threads get to it; may be called from any thread.

        Returns:
            The names that were not served before.
        """
        named = {settings.name: settings for settings in models}
        with self._lock:
            old = {name for name, model in self._watched.items() if model.settings is not None}
            watched = {name: self._watched.get(name, _Watched()) for name in self._watched.keys() | named.keys()}
            for name, model in watched.items():
                model.must_look = model.must_look or model.settings != named.get(name)
                model.settings = named.get(name)
                if model.settings is None:
                    model.aspired = {}
                elif name not in old:
                    self._registry.forget_failures(name)
            self._watched = watched
        self._woken.set()
        return frozenset(named.keys() - old)

    def start(self) -> None:
        """Load until every model answers, then keep watching; returns early after `stop`.

        Raises:
            Unknown: Every version of some model failed for good; nothing is watched then.
        """
        while not self._stopping.is_set():
            self._look()
            # Not only settled: between two versions of a model nothing of it is being loaded either.
            if self._reconcile() and self._are_settled(self._watched):
                self._refuse_what_failed(self._watched, "servable(s)")
                # What comes later loads as the flags say.
                self._loaders = Workers(self._rules.load_threads)
                self._thread.start()
                return
            self._sleep()

    def await_available(self, names: Iterable[str], is_awaited: Callable[[], bool]) -> None:
        """Wait until every one of these models answers or cannot be loaded; returns early after `stop`.

        Args:
            names: Models as from `configure`.
            is_awaited: Whether somebody still wants to know; asked a few times in a second.

        Raises:
            Unknown: Every version of one of them failed for good.
        """
        names = sorted(names)
        while not self._stopping.is_set() and is_awaited():
            if self._are_settled(names):
                self._refuse_what_failed(names, "model(s)")
                return
            self._registry.wait_for_change(_AWAIT_SECONDS)

    def stop_loading(self) -> None:
        """Start nothing more; a load that runs is not cut short. Returns at once; may be called from any thread."""
        self._stopping.set()
        self._woken.set()
        self._registry.stop_waiting()

    def stop(self, timeout_seconds: float | None = None) -> None:
        """Stop loading and watching; what is loaded keeps answering.

        Args:
            timeout_seconds: How long to wait for a load that runs; None waits for its end.
        """
        self.stop_loading()
        ends_at = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)
        has_ended = not self._thread.is_alive()
        for workers in (self._loaders, self._unloaders):
            has_ended &= workers.join(None if ends_at is None else max(0.0, ends_at - time.monotonic()))
        if not has_ended:
            log("a load did not end in time", timeout_seconds=timeout_seconds)

    def close(self, timeout_seconds: float | None = None) -> None:
        """Stop, see `stop`, and unload every version that no call uses."""
        self.stop(timeout_seconds)
        for name in self._watched:
            for version in self._registry.versions(name):
                if version.state in {AVAILABLE, UNLOADING}:
                    self._registry.hide(version)
                    self._finish_unload(name, version, wait=False)

    def _has_ready(self, name: str) -> bool:
        return any(version.state == AVAILABLE for version in self._registry.versions(name))

    def _are_settled(self, names: Iterable[str]) -> bool:
        """Whether each of these models answers or has failed, and nothing of it is being loaded."""
        watched = self._watched
        return all(
            not watched[name].is_loading
            and not watched[name].must_look
            and (self._has_ready(name) or self._failure_of(name) is not None)
            for name in names
        )

    def _failure_of(self, name: str) -> Version | None:
        """The highest version of a model of which every version failed for good."""
        aspired = self._watched[name].aspired
        failed = {v.number: v for v in self._registry.versions(name) if v.state == END and v.error and v.failures}
        return failed[max(aspired)] if aspired and aspired.keys() <= failed.keys() else None

    def _refuse_what_failed(self, names: Iterable[str], noun: str) -> None:
        failed = [(name, version) for name in names if (version := self._failure_of(name)) is not None]
        if failed:
            named = "".join(
                f"{{{{name: {name} version: {version.number}}} due to error: {version.error}}}, "
                for name, version in failed
            )
            message = f"{len(failed)} {noun} did not become available: {{{named}}}"
            raise Unknown(message)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
                self._reconcile()
            except Exception as error:  # noqa: BLE001 - a dead watcher would never load another version, silently
                log("watching failed", error=f"{type(error).__name__}: {error}")
            self._sleep()

    def _sleep(self) -> None:
        """Until the next look, or until there is something to do: a new config, or a load that ended."""
        self._woken.wait(self._seconds_to_next_look())
        self._woken.clear()

    def _seconds_to_next_look(self) -> float:
        """How long to sleep: a poll and a retry may be due."""
        now = time.monotonic()
        retries = [
            max(0.0, version.retry_at - now)
            for name, model in self._watched.items()
            if not model.is_loading
            for version in self._registry.versions(name)
            if version.state == LOADING
        ]
        return min([self._rules.poll_seconds or _FAR_SECONDS, *retries])

    def _look(self) -> None:
        """See which versions are on disk. A base path that is missing ends the look, as theirs: nothing is unloaded."""
        with self._lock:
            wanted = [
                (model, settings)
                for model in self._watched.values()
                if (settings := model.settings) is not None and (self._rules.poll_seconds > 0 or model.must_look)
            ]
        chosen = []
        for model, settings in wanted:
            try:
                found = find_versions(settings.base_path, settings.name)
            except NotFound as error:
                log("base path missing", error=error.message)
                return
            aspired = choose_versions(found, settings.policy)
            _log_what_is_missing(settings, aspired)
            chosen.append((model, settings, aspired))
        with self._lock:
            for model, settings, aspired in chosen:
                # Another config may have come in between.
                if model.settings == settings:
                    model.aspired = aspired
                    model.must_look = False

    def _reconcile(self) -> bool:
        """One action after another, until what is loaded is what is wanted, or is on its way.

        Returns:
            Whether there was nothing to do, and no load ran that something may follow.
        """
        is_done = True
        for name, model in self._watched.items():
            while not self._stopping.is_set():
                if model.is_loading:
                    is_done = False
                    break
                if not self._take_next_action(name, model):
                    break
                is_done = False
        return is_done

    def _take_next_action(self, name: str, model: _Watched) -> bool:
        aspired = model.aspired
        versions = {version.number: version for version in self._registry.versions(name)}
        ready = {number for number, version in versions.items() if version.state == AVAILABLE}
        unwanted = ready - aspired.keys()
        if unwanted and (not aspired or ready & aspired.keys() or len(unwanted) > 1):
            version = versions[min(unwanted)]
            self._registry.hide(version)
            self._unloaders.run(functools.partial(self._finish_unload, name, version, wait=True))
            return True
        for number in versions.keys() - aspired.keys() - ready:
            if versions[number].state != UNLOADING:
                # Gone before it answered: not tried again, and with a clean slate should it come back.
                self._registry.end(versions[number], versions[number].error)
                versions[number].failures = 0
        loadable = [number for number in aspired if self._may_load(versions.get(number))]
        if not loadable:
            return False
        number = max(loadable)
        version = self._registry.start_loading(name, number)
        model.is_loading = True
        self._loaders.run(functools.partial(self._try_to_load, name, model, version, aspired[number]))
        return True

    def _may_load(self, version: Version | None) -> bool:
        if version is None or (version.state == END and not version.failures):
            return True
        return version.state == LOADING and version.retry_at <= time.monotonic()

    def _try_to_load(self, name: str, model: _Watched, version: Version, directory: Path) -> None:
        log("loading", model=name, version=version.number)
        started = time.monotonic()
        try:
            servable = self._load(name, version.number, directory)
        except StatusError as error:
            self._note_failure(name, version, error)
        except Exception as error:  # noqa: BLE001 - such as a directory that may not be entered: a failed load as well
            self._note_failure(name, version, Unknown(f"{type(error).__name__}: {error}"))
        else:
            self._registry.make_available(version, servable)
            log("available", model=name, version=version.number, seconds=round(time.monotonic() - started, 3))
        finally:
            model.is_loading = False
            self._woken.set()

    def _note_failure(self, name: str, version: Version, error: StatusError) -> None:
        version.failures += 1
        version.retry_at = time.monotonic() + max(0.0, self._rules.retry_seconds)
        retries_left = self._rules.max_retries + 1 - version.failures
        log("load failed", model=name, version=version.number, error=str(error), retries_left=retries_left)
        if retries_left <= 0:
            self._registry.end(version, error)

    def _finish_unload(self, name: str, version: Version, *, wait: bool) -> None:
        servable = self._registry.take_unused(version, wait=wait)
        if servable is None:
            return
        servable.close()
        self._registry.end(version, None)
        del servable
        # TensorFlow's Python graph is full of cycles: without this, two or three old versions stay in memory.
        gc.collect()
        log("unloaded", model=name, version=version.number)
        self._woken.set()


def _log_what_is_missing(settings: ModelSettings, aspired: dict[int, Path]) -> None:
    if isinstance(settings.policy, Specific):
        missing = sorted(settings.policy.numbers - aspired.keys())
        if missing or not settings.policy.numbers:
            log("specific versions not found", model=settings.name, versions=missing)
    if not aspired:
        hint = "name each version directory as a number, for example 1/"
        log("no versions", model=settings.name, base_path=str(settings.base_path), hint=hint)
