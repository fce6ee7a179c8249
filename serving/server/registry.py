"""What this process knows of every model and version, and the way from a request to a version that answers it.

Any thread reads; only the manager's threads change states. A version in use is never taken away: `hide` keeps it from new
requests, and `take_unused` waits for those that run.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from serving.server.errors import FailedPrecondition, InvalidArgument, NotFound, StatusError
from serving.wire.predict_pb2 import ModelVersionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from serving.server.servable import Servable

State: TypeAlias = ModelVersionStatus.State.ValueType

START: Final = ModelVersionStatus.START
LOADING: Final = ModelVersionStatus.LOADING
AVAILABLE: Final = ModelVersionStatus.AVAILABLE
UNLOADING: Final = ModelVersionStatus.UNLOADING
END: Final = ModelVersionStatus.END


@dataclass(slots=True, eq=False)
class Version:
    """One version that this process has seen.

    Attributes:
        number: Its number.
        state: As GetModelStatus reports it.
        error: Why it ended, where loading failed for good.
        servable: What answers; only while AVAILABLE or UNLOADING.
        users: How many requests run on it.
        failures: How often loading has failed since it was last wanted anew.
        retry_at: On `time.monotonic`, when loading may be tried again.
    """

    number: int
    state: State = START
    error: StatusError | None = None
    servable: Servable | None = None
    users: int = 0
    failures: int = 0
    retry_at: float = 0.0


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """What GetModelStatus says of one version."""

    version: int
    state: State
    error: StatusError | None


@dataclass(slots=True)
class _Model:
    versions: dict[int, Version] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)


class ModelRegistry:
    """Models, versions and labels.

    Args:
        labels_may_name_unavailable_versions: Let a label that is new, or stays where it is, name any version.
    """

    def __init__(self, *, labels_may_name_unavailable_versions: bool = False) -> None:
        self._labels_may_be_early = labels_may_name_unavailable_versions
        self._models: dict[str, _Model] = {}
        self._changed = threading.Condition()
        self._may_wait = True

    @contextmanager
    def use(self, name: str, version: int | None, label: str | None) -> Iterator[Servable]:
        """The servable that a request means; it is not unloaded while it is used.

        Args:
            name: Name of the model.
            version: A number, or None.
            label: A label, or None; with neither, the highest available version answers.

        Raises:
            InvalidArgument: The model has no such label.
            NotFound: No such model, or no such version that is available.
        """
        chosen, servable = self._acquire(name, version, label)
        try:
            yield servable
        finally:
            with self._changed:
                chosen.users -= 1
                if not chosen.users and chosen.state == UNLOADING:
                    self._changed.notify_all()

    def knows(self, name: str) -> bool:
        """Whether the config ever named this model."""
        return name in self._models

    def statuses(self, name: str, version: int | None) -> tuple[VersionStatus, ...]:
        """State of one version or of all that this process has seen, highest first.

        Raises:
            NotFound: Never seen.
        """
        with self._changed:
            model = self._models.get(name)
            seen = sorted(model.versions.values(), key=lambda v: -v.number) if model else []
            if version is not None:
                seen = [v for v in seen if v.number == version]
                if not seen:
                    message = f"Could not find version {version} of model {name}"
                    raise NotFound(message)
            if not seen:
                message = f"Could not find any versions of model {name}"
                raise NotFound(message)
            return tuple(VersionStatus(v.number, v.state, v.error) for v in seen)

    def set_labels(self, labels: Mapping[str, Mapping[str, int]]) -> None:
        """Replace all labels.

        Args:
            labels: Model -> label -> version, with every model of the config; a model not among them has no labels.

        Raises:
            FailedPrecondition: A label names a version that is not available; then nothing changes.
        """
        with self._changed:
            for name, wanted in labels.items():
                self._check_labels(name, wanted)
            for model in self._models.values():
                model.labels = {}
            for name, wanted in labels.items():
                self._models.setdefault(name, _Model()).labels = wanted

    def versions(self, name: str) -> list[Version]:
        """All versions of a model that were ever seen. For the manager's thread."""
        with self._changed:
            model = self._models.get(name)
            return list(model.versions.values()) if model else []

    def start_loading(self, name: str, number: int) -> Version:
        """Note that a version is being loaded."""
        with self._changed:
            version = self._models.setdefault(name, _Model()).versions.setdefault(number, Version(number))
            version.state = LOADING
            version.error = None
            return version

    def make_available(self, version: Version, servable: Servable) -> None:
        """Let requests reach a version: from now on "latest" may mean it."""
        with self._changed:
            version.servable = servable
            version.failures = 0
            version.state = AVAILABLE
            self._changed.notify_all()

    def hide(self, version: Version) -> None:
        """Take a version from new requests; those that run on it keep it."""
        with self._changed:
            version.state = UNLOADING

    def take_unused(self, version: Version, *, wait: bool) -> Servable | None:
        """The servable of a hidden version, once no request uses it.

        Args:
            version: The version.
            wait: Wait for requests that run, at most until `stop_waiting`; otherwise return None while there are some.
        """
        with self._changed:
            while version.users and wait and self._may_wait:
                self._changed.wait()
            if version.users:
                return None
            servable, version.servable = version.servable, None
            return servable

    def stop_waiting(self) -> None:
        """Let `take_unused` return without waiting, now and from now on: a stuck call must not delay the end."""
        with self._changed:
            self._may_wait = False
            self._changed.notify_all()

    def end(self, version: Version, error: StatusError | None) -> None:
        """Note that a version is gone, and why where it failed."""
        with self._changed:
            version.state = END
            version.error = error
            self._changed.notify_all()

    def forget_failures(self, name: str) -> None:
        """Let versions of a model that failed for good be tried again, because it is named anew."""
        with self._changed:
            model = self._models.get(name)
            for version in model.versions.values() if model else ():
                version.failures = 0

    def wait_for_change(self, timeout_seconds: float) -> None:
        """Return once a version became available or ended, or after the timeout."""
        with self._changed:
            self._changed.wait(timeout_seconds)

    def _acquire(self, name: str, version: int | None, label: str | None) -> tuple[Version, Servable]:
        with self._changed:
            model = self._models.get(name)
            if label is not None:
                version = model.labels.get(label) if model else None
                if version is None:
                    message = f"Unrecognized servable version label: {label}"
                    raise InvalidArgument(message)
            candidates = model.versions.values() if model else ()
            chosen: Version | None = None
            for candidate in candidates:
                if candidate.state == AVAILABLE and (
                    candidate.number == version
                    if version is not None
                    else chosen is None or candidate.number > chosen.number
                ):
                    chosen = candidate
            if chosen is None or chosen.servable is None:
                wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
                message = f"Servable not found for request: {wanted}"
                raise NotFound(message)
            chosen.users += 1
            return chosen, chosen.servable

    def _check_labels(self, name: str, labels: Mapping[str, int]) -> None:
        model = self._models.get(name, _Model())
        available = {v.number for v in model.versions.values() if v.state == AVAILABLE}
        for label, number in labels.items():
            is_moved = model.labels.get(label, number) != number
            if number not in available and (is_moved or not self._labels_may_be_early):
                message = (
                    f"Request to assign label to version {number} of model {name}, which is not currently available "
                    "for inference"
                )
                raise FailedPrecondition(message)
