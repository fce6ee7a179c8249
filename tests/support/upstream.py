"""Parts for tests of the way to the model server: the real predictor over real connections, and what it is asked with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from gateway.deadline import Deadline
from gateway.upstream.calls import ModelCalls
from gateway.upstream.circuit import OPEN_SECONDS, Circuit
from gateway.upstream.connections import RENEW_SECONDS, Connections
from gateway.upstream.model_server import ModelServerPredictor
from serving.wire.channel import open_channel

if TYPE_CHECKING:
    from gateway.upstream.credentials import Credentials

CROP = np.arange(128 * 128 * 3, dtype=np.uint32).astype(np.uint8).reshape(128, 128, 3)


class Upstream:
    """The gateway's own way to an address, with what it reported."""

    def __init__(
        self,
        address: str,
        *,
        results: list[str] | None = None,
        max_calls: int = 4,
        open_seconds: float = OPEN_SECONDS,
        renew_seconds: float = RENEW_SECONDS,
        credentials: Credentials | None = None,
    ) -> None:
        self.results = [] if results is None else results
        self.circuit_states: list[str] = []
        self.connections = Connections(
            lambda: open_channel(address, credentials=credentials.current() if credentials else None),
            renew_seconds=renew_seconds,
        )
        self.calls = ModelCalls(self.connections, lambda result, _: self.results.append(result))
        circuit = Circuit(self.circuit_states.append, open_seconds=open_seconds)
        self.predictor = ModelServerPredictor(self.calls, circuit, max_calls=max_calls)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connections.close()
        self.predictor.close()

    def predict(self, model, seconds=30.0):
        return self.predictor.predict(CROP[np.newaxis], model, Deadline.after(seconds))

    def explain(self, model, seconds=30.0):
        return self.predictor.explain(CROP, model, Deadline.after(seconds))

    def check(self, model, seconds=30.0):
        self.predictor.check(model, Deadline.after(seconds))
