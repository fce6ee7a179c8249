"""Waiting for model servers to load and unload, and asking each of them whether it answers rightly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from serving.contract.model import ModelContract
from serving.repository.availability import AddressState, ServerGroup
from serving.repository.errors import PromotionAbandoned, PromotionUnfinished
from serving.wire.errors import CallError, CallFailed
from serving.wire.golden_check import GoldenCrops, GoldenResult, check_golden

POLL_SECONDS: Final = 0.2
GOLDEN_CALL_SECONDS: Final = 30.0
"""For one call of 32 crops; the first one of a busy machine takes long."""
_TRY_AGAIN: Final = frozenset(
    {
        # A full queue, or a call that came too late: the server has no time, which says nothing about the version.
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        # The server was started again in between: the version is waited for once more.
        grpc.StatusCode.NOT_FOUND,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what.

    Attributes:
        deadline_seconds: Until every server has loaded the version and answered its golden crops; again until every server has
            unloaded the old one.
        notice_seconds: For the servers to notice a new `models.config`. A failed load that they report from an earlier try
            counts only after this: until then they may not have begun the new one.
        grace_seconds: From the move of the pin to the unloading of the old version: the longest time that a request can be on
            its way with the old pin. A gateway takes the pin when a photo begins to arrive, allows 30 s for receiving it and
            10 s for the answer; a file server may show the old pin for some seconds more.
    """

    deadline_seconds: float = 600.0
    notice_seconds: float = 30.0
    grace_seconds: float = 60.0


class Rollout:
    """What happens on the model servers.

    Args:
        group: All of them.
        model: Name of the model.
        patience: How long to wait.
        config: The file that they must read, for the sentence when they do not.
        tell: Told what is waited for, whenever that changes.
    """

    def __init__(
        self, group: ServerGroup, model: str, patience: Patience, config: Path, tell: Callable[[str], None]
    ) -> None:
        self._group = group
        self._model = model
        self._patience = patience
        self._config = config
        self._tell = tell
        self._told = ""

    def find_failures(self, version: int) -> dict[str, str]:
        """Addresses that report a failed load of the version now, with the reason."""
        return {state.address: state.error for state in self._states(version) if state.has_failed}

    def check(
        self, contract: ModelContract, golden: GoldenCrops, old_failures: dict[str, str]
    ) -> dict[str, GoldenResult]:
        """Wait until the version is AVAILABLE everywhere and has answered its golden crops rightly everywhere.

        The names are resolved again and again; at the end the same addresses stand behind them as were asked.

        Args:
            contract: The version's own.
            golden: Its golden crops.
            old_failures: From `find_failures`, before the servers were told to load it.

        Returns:
            Address to result.

        Raises:
            PromotionAbandoned: a server gave up loading, answers wrongly, or time is up.
        """
        version, began = contract.version, time.monotonic()
        passed: dict[str, GoldenResult] = {}
        waiting_for_old = dict(old_failures)
        while True:
            states = self._states(version)
            self._require_no_failure(version, states, waiting_for_old, began)
            if states and all(state.is_available for state in states):
                unasked = [state.address for state in states if state.address not in passed]
                if not unasked:
                    return {state.address: passed[state.address] for state in states}
                # One after another, and all are looked at again after each: the set may change while it is asked.
                result = self._ask(unasked[0], contract, golden)
                if result is not None:
                    passed[unasked[0]] = result
                    continue
            else:
                # Whoever lost the version may answer otherwise when it is back.
                for state in states:
                    if not state.is_available:
                        passed.pop(state.address, None)
            self._wait(version, states, began)

    def wait_until_gone(self, versions: Iterable[int]) -> None:
        """Wait until no server holds any of the versions.

        Raises:
            PromotionUnfinished: time is up.
        """
        began = time.monotonic()
        for version in versions:
            while True:
                states = self._states(version)
                if states and all(state.is_gone for state in states):
                    break
                if time.monotonic() - began > self._patience.deadline_seconds:
                    message = (
                        f"The old version {version} is not unloaded everywhere after {self._patience.deadline_seconds:g} s: "
                        f"{_describe(states)}. The new version is live; run the same command again to finish."
                    )
                    raise PromotionUnfinished(message)
                self._say(f"waiting until version {version} is unloaded: {_describe(states)}")
                time.sleep(POLL_SECONDS)

    def _states(self, version: int) -> tuple[AddressState, ...]:
        return self._group.states(self._model, version)

    def _require_no_failure(
        self, version: int, states: Sequence[AddressState], old_failures: dict[str, str], began: float
    ) -> None:
        for state in states:
            if not state.has_failed:
                old_failures.pop(state.address, None)
                continue
            is_old = state.address in old_failures and time.monotonic() - began < self._patience.notice_seconds
            if not is_old:
                message = f"Version {version} cannot be loaded by {state.address}: {state.error}"
                raise PromotionAbandoned(message)

    def _ask(self, address: str, contract: ModelContract, golden: GoldenCrops) -> GoldenResult | None:
        """What the address answered; None where it had no time."""
        try:
            result = check_golden(self._group.client(address), contract, golden, GOLDEN_CALL_SECONDS)
        except CallFailed as error:
            if error.code in _TRY_AGAIN:
                self._say(f"{address} has no time for golden crops: {error.code.name}")
                return None
            message = f"Version {contract.version} does not answer its golden crops at {address}: {error}"
            raise PromotionAbandoned(message) from error
        except CallError as error:
            message = f"Version {contract.version} does not answer its golden crops at {address}: {error}"
            raise PromotionAbandoned(message) from error
        if not result.passed:
            message = f"Version {contract.version} answers its golden crops wrongly at {address}: {result}."
            raise PromotionAbandoned(message)
        self._say(f"{address} answers the golden crops of version {contract.version}: {result}")
        return result

    def _wait(self, version: int, states: Sequence[AddressState], began: float) -> None:
        if time.monotonic() - began > self._patience.deadline_seconds:
            hint = (
                f"Servers must be started with --model_config_file={self._config} (as they see it) and "
                "--model_config_file_poll_wait_seconds=1, and see the versions below its base_path: TensorFlow Serving waits for "
                "ever for a path that is not there. Say where it sees them with --served-from."
            )
            message = (
                f"Version {version} did not answer everywhere within {self._patience.deadline_seconds:g} s: "
                f"{_describe(states)}. {hint}"
            )
            raise PromotionAbandoned(message)
        self._say(f"waiting for version {version}: {_describe(states)}")
        time.sleep(POLL_SECONDS)

    def _say(self, line: str) -> None:
        if line != self._told:
            self._told = line
            self._tell(line)


def _describe(states: Sequence[AddressState]) -> str:
    return "; ".join(map(str, states)) or "the servers' names have no address"
