"""How the model server answers: every call, the circuit to it, and what each version that is asked said last."""

from __future__ import annotations

import threading
from typing import Final

from prometheus_client import CollectorRegistry

from monitoring.declaring import Declaration, counter, gauge, initialise

MODEL_CALLS: Final = ("ok", "unavailable", "busy", "deadline", "version_missing", "rejected", "invalid_answer")
CIRCUIT_STATES: Final = ("closed", "open", "half_open")
NOT_ASKED: Final = "not_asked"
MODEL_STATES: Final = (NOT_ASKED, *MODEL_CALLS)
"""Of a version: the result of the latest call to it."""

MODEL_CALLS_TOTAL: Final = Declaration(
    "symmetra_model_calls", "counter", "Calls to the model server, each attempt counted, by result.", ("result",)
)
CIRCUIT: Final = Declaration(
    "symmetra_model_circuit",
    "gauge",
    "1 for the state of the circuit to the model server: closed lets calls through, open refuses them.",
    ("state",),
)
MODEL_STATE: Final = Declaration(
    "symmetra_model_state",
    "gauge",
    "1 for the result of the latest call that asked a version, pinned or shadow; not_asked before the first.",
    ("model_version", "state"),
)
MODEL_DECLARATIONS: Final = (MODEL_CALLS_TOTAL, CIRCUIT, MODEL_STATE)


class ModelMetrics:
    """These metrics in one registry. Safe in any thread: calls come from several.

    Args:
        registry: A registry of its own, also per test.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = counter(MODEL_CALLS_TOTAL, registry)
        self._circuit = gauge(CIRCUIT, registry)
        self._state = gauge(MODEL_STATE, registry)
        self._lock = threading.Lock()
        self._said: dict[str, str] = {}
        initialise(self._calls, MODEL_CALLS)
        initialise(self._circuit, CIRCUIT_STATES)

    def start_version(self, version: str) -> None:
        """Create the version's series; it was not asked yet."""
        with self._lock:
            if version not in self._said:
                self._said[version] = NOT_ASKED
                for state in MODEL_STATES:
                    self._state.labels(version, state).set(float(state == NOT_ASKED))

    def forget_version(self, version: str) -> None:
        """Remove the version's series."""
        with self._lock:
            self._said.pop(version, None)
            self._state.remove_by_labels({"model_version": version})

    def count_call(self, result: str) -> None:
        """One attempt to call the model server for a caller, with a result of `MODEL_CALLS`."""
        self._calls.labels(result).inc()

    def set_state(self, version: str, result: str) -> None:
        """What a version said last, a result of `MODEL_CALLS`; nothing where it was forgotten meanwhile."""
        with self._lock:
            before = self._said.get(version)
            if before in (None, result):
                return
            self._state.labels(version, before).set(0)
            self._state.labels(version, result).set(1)
            self._said[version] = result

    def set_circuit(self, state: str) -> None:
        """State of the circuit to the model server, one of `CIRCUIT_STATES`."""
        for each in CIRCUIT_STATES:
            self._circuit.labels(each).set(float(each == state))
