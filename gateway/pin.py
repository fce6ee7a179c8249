"""Which model version is in service: read from the repository, again whenever it changed, and checked each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import (
    DemoModelRefused,
    ModelIncompatible,
    ModelNotPinned,
    ModelNotServable,
    ModelPinInvalid,
    PolicyIncompatible,
)
from serving.contract.model import PREPROCESSING_VERSION, Evidence, ModelContract
from serving.contract.policy import JITTER_VERSION, Policy
from serving.repository import ModelRepository, NothingPinned, RepositoryError

Fingerprint = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PinnedModel:
    """The version in service, with what it promises and the policy that turns its scores into bands.

    One object for every time that pin and policy were read: the same object says the same.
    """

    name: str
    version: int
    digest: str
    contract: ModelContract
    policy: Policy


class PinReader:
    """Reads the pin and the policy, and refuses what this gateway must not serve.

    Args:
        repository: Where they are.
        allow_demo: Whether a version of evidence `demo` may be served.
        on_change: Told every version that comes into service, and why there is none any more when there is none.
    """

    def __init__(
        self,
        repository: ModelRepository,
        *,
        allow_demo: bool,
        on_change: Callable[[PinnedModel | ModelNotServable], None],
    ) -> None:
        self._repository = repository
        self._paths = [repository.directory / name for name in ("pin.json", "policy.json")]
        self._allow_demo = allow_demo
        self._on_change = on_change
        self._fingerprint: Fingerprint | None = None
        self._outcome: PinnedModel | ModelNotServable = ModelNotPinned()

    def current(self) -> PinnedModel:
        """The version in service now.

        Raises:
            ModelNotServable: there is none, or none that may be asked.
        """
        # Two stat calls per request: a changed pin counts at once, an unchanged one costs microseconds.
        fingerprint = tuple(_fingerprint(path) for path in self._paths)
        if fingerprint != self._fingerprint:
            self._update(fingerprint)
        if isinstance(self._outcome, ModelNotServable):
            raise type(self._outcome) from self._outcome.__cause__
        return self._outcome

    def _update(self, fingerprint: Fingerprint) -> None:
        before = self._outcome
        try:
            self._outcome = self._read()
            self._fingerprint = fingerprint
        except OSError as error:
            # Such as too many open files: it says nothing about the record, so the next request reads it again.
            self._outcome = _caused(ModelPinInvalid(), error)
            self._fingerprint = None
        if isinstance(self._outcome, PinnedModel) or type(self._outcome) is not type(before):
            self._on_change(self._outcome)

    def _read(self) -> PinnedModel | ModelNotServable:
        try:
            pin = self._repository.pin()
            policy = self._repository.policy()
        except NothingPinned as error:
            return _caused(ModelNotPinned(), error)
        except (RepositoryError, ValueError) as error:
            return _caused(ModelPinInvalid(), error)
        if pin.contract.crop.preprocessing_version != PREPROCESSING_VERSION:
            return ModelIncompatible()
        if policy.abstention is not None and policy.abstention.jitter != JITTER_VERSION:
            return PolicyIncompatible()  # its limit says nothing about the copies that are made here
        if pin.contract.evidence is Evidence.DEMO and not self._allow_demo:
            return DemoModelRefused()
        return PinnedModel(pin.model, pin.version, pin.digest, pin.contract, policy)


def _fingerprint(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _caused(error: ModelNotServable, cause: Exception) -> ModelNotServable:
    error.__cause__ = cause
    return error
