"""What this gateway counted since it started, read from its own metrics: other replicas count for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry

from monitoring.metrics import (
    CIRCUIT,
    IN_FLIGHT,
    QUEUED,
    RECEIPTS,
    SHADOW_ANSWERS,
    SHADOW_MISSED,
    SHED,
    UPLOAD_BYTES,
)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures that the page shows.

    Attributes:
        shadow_agrees: Answers of the shadow version with the pinned version's band.
        shadow_disagrees: Those with another.
        shadow_missed: Photos that it gave no answer for.
        circuit: State of the circuit to the model server.
        in_flight: Photos being screened.
        queued: Photos that wait.
        upload_bytes: Held by uploads.
        shed: Screenings refused to protect the others.
        receipts_kept: Receipts that were written.
        receipts_lost: Those that were not.
    """

    shadow_agrees: int
    shadow_disagrees: int
    shadow_missed: int
    circuit: str
    in_flight: int
    queued: int
    upload_bytes: int
    shed: int
    receipts_kept: int
    receipts_lost: int

    @classmethod
    def of(cls, registry: CollectorRegistry) -> Self:
        """Read them."""
        samples = [sample for metric in registry.collect() for sample in metric.samples]

        def total(metric: str, **labels: str) -> int:
            names = (metric, f"{metric}_total")
            return int(
                sum(each.value for each in samples if each.name in names and labels.items() <= each.labels.items())
            )

        states = [sample.labels["state"] for sample in samples if sample.name == CIRCUIT.name and sample.value]
        return cls(
            shadow_agrees=total(SHADOW_ANSWERS.name, result="agree"),
            shadow_disagrees=total(SHADOW_ANSWERS.name, result="disagree"),
            shadow_missed=total(SHADOW_MISSED.name),
            circuit=states[0] if states else "closed",
            in_flight=total(IN_FLIGHT.name),
            queued=total(QUEUED.name),
            upload_bytes=total(UPLOAD_BYTES.name),
            shed=total(SHED.name),
            receipts_kept=total(RECEIPTS.name, result="written"),
            receipts_lost=total(RECEIPTS.name, result="failed"),
        )
