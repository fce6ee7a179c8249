"""Callers that never rest: what each of their calls saw, and when."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from serving.wire.errors import CallFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEADLINE_SECONDS = 20.0
WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call: when it began (`time.monotonic`), how long it took, the version that answered, or the code it failed with."""

    began: float
    seconds: float
    version: int | None
    failure: str | None


class SteadyLoad:
    """So many callers, each on a connection of its own, each calling again as soon as it is answered.

    Args:
        port: Of the server on loopback.
        model: Name of the model; its highest version answers.
        inputs: What every call sends.
        callers: How many.
        signature: Which signature.
    """

    def __init__(
        self,
        port: int,
        model: str,
        inputs: Mapping[str, np.ndarray],
        callers: int,
        signature: str = "serving_default",
    ) -> None:
        self._target = f"127.0.0.1:{port}"
        self._model, self._inputs, self._signature = model, inputs, signature
        self._stopping = threading.Event()
        self._seen = threading.Condition()
        self._calls: list[Call] = []
        self._threads = [threading.Thread(target=self._call, name=f"caller-{index}") for index in range(callers)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let every caller finish its call and go."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(DEADLINE_SECONDS + 10)

    @property
    def calls(self) -> list[Call]:
        """Everything so far."""
        with self._seen:
            return list(self._calls)

    def failures(self) -> Counter[str]:
        """How many calls failed with which code."""
        return Counter(call.failure for call in self.calls if call.failure)

    def wait_for_version(self, version: int) -> float:
        """Wait until a call is answered by this version; the moment (`time.monotonic`) it was."""
        with self._seen:
            assert self._seen.wait_for(lambda: self._calls and self._calls[-1].version == version, WAIT_SECONDS), (
                version
            )
            last = self._calls[-1]
        return last.began + last.seconds

    def wait_for_failures(self) -> None:
        """Wait until a call has failed."""
        with self._seen:
            assert self._seen.wait_for(lambda: any(call.failure for call in self._calls), WAIT_SECONDS)

    def wait_for_answers(self, count: int) -> None:
        """Wait until so many more calls were answered."""
        with self._seen:
            wanted = len(self._calls) + count
            assert self._seen.wait_for(lambda: len(self._calls) >= wanted, WAIT_SECONDS), count

    def _call(self) -> None:
        with open_channel(self._target) as channel:
            client = ModelServerClient(channel)
            while not self._stopping.is_set():
                began = time.monotonic()
                try:
                    answer = client.predict(
                        self._model, None, self._inputs, DEADLINE_SECONDS, signature=self._signature
                    )
                except CallFailed as error:
                    self._note(Call(began, time.monotonic() - began, None, error.code.name))
                else:
                    self._note(Call(began, time.monotonic() - began, answer.version, None))

    def _note(self, call: Call) -> None:
        with self._seen:
            self._calls.append(call)
            self._seen.notify_all()


def percentile_milliseconds(calls: Iterable[Call], share: float) -> float:
    """The exact percentile of how long calls took, in milliseconds."""
    return float(np.percentile([call.seconds * 1e3 for call in calls], share, method="inverted_cdf"))
