"""What limited a run, by where the time went: generator, network, queue, decode, face, model or records; and what to try next.

The gateway's stages say where a screening's time went; what the client saw beyond them was spent on the way: upload, connection,
waiting to be accepted. Time in the queue is a symptom: a photo waits there for a place that others hold, so the largest
part among those who hold places is named with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loadtests.run.format import FinishedRun

GENERATOR: Final = "generator"
NETWORK: Final = "network"
QUEUE: Final = "queue"
DECODE: Final = "decode"
FACE: Final = "face"
MODEL: Final = "model"
RECORDS: Final = "records"
GATEWAY: Final = "gateway"
UNKNOWN: Final = "unknown"

GENERATOR_REASONS: Final = ("late_starts", "generator_cpu", "rate_not_achieved", "worker_lost", "out_of_sockets")
PARTS: Final = {DECODE: ("decode",), FACE: ("face", "jitter"), MODEL: ("predict", "explain")}
"""Part -> the gateway's stages that it is made of."""
NEXT: Final = {
    GENERATOR: "Give the generator more workers or a machine of its own, then run again: this run says nothing about the target.",
    NETWORK: (
        "Look at the way between generator and gateway: bandwidth against the size of the photos, the proxy, connections not "
        "kept open, and gateway processes too busy to accept."
    ),
    DECODE: "Add gateway replicas or cores: decoding is CPU; large photos cost most, so look at the sizes in the mix.",
    FACE: "Add gateway replicas or cores: finding the face is CPU and does not depend on the model server.",
    MODEL: "Try other batching and thread settings of the model server, then more cores or replicas of it.",
    RECORDS: "Look at the database of the records: latency of its disk, connections, and whether it shares the machine.",
    GATEWAY: "Photos wait in the gateway for a process that decodes: give it more crop processes if cores are free, else replicas.",
    UNKNOWN: "Run again with --metrics for each replica of the gateway.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Where time went.

    Attributes:
        name: Of the part.
        seconds: Mean per screening.
        share: Of what the client waited.
    """

    name: str
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What limited a run.

    Attributes:
        name: One of the names above.
        behind: Who held the places for which photos queued; None where the queue was not the largest part.
        says: Why, in a sentence with figures.
        next_thing: To try.
        parts: Where the time went, as a screening passes through; empty where the gateway was not looked at.
    """

    name: str
    behind: str | None
    says: str
    next_thing: str
    parts: tuple[Part, ...]


def find_bottleneck(run: FinishedRun) -> Bottleneck:
    """Name what limited a run; at a low load it is merely where most of the time went."""
    parts = split_time(run)
    blamed = [reason for reason in run.summary.invalid_reasons if reason.code in GENERATOR_REASONS]
    if blamed:
        return Bottleneck(GENERATOR, None, blamed[0].detail, NEXT[GENERATOR], parts)
    if not parts:
        return Bottleneck(UNKNOWN, None, "The gateway's metrics were not read.", NEXT[UNKNOWN], parts)
    largest = max(parts, key=lambda part: part.seconds)
    says = f"{largest.share:.0%} of the time went to {largest.name}, {largest.seconds * 1000:.0f} ms of a photo's mean {_whole(parts) * 1000:.0f} ms"
    if largest.name != QUEUE:
        return Bottleneck(largest.name, None, f"{says}.{_pressure(run)}", NEXT[largest.name], parts)
    holders = [part for part in parts if part.name in (DECODE, FACE, MODEL, GATEWAY)]
    behind = max(holders, key=lambda part: part.seconds)
    says += f"; the places were held mostly by {behind.name}, {behind.seconds * 1000:.0f} ms.{_pressure(run)}"
    return Bottleneck(QUEUE, behind.name, says, NEXT[behind.name], parts)


def split_time(run: FinishedRun) -> tuple[Part, ...]:
    """Mean seconds of each part of a screening; empty where the gateway was not looked at or screened nothing."""
    stages, latency = run.target.stages, run.summary.latency.get("photo")
    total = stages.get("total")
    if total is None or not total.count or latency is None or not latency.count:
        return ()

    def mean(*names: str) -> float:
        return sum(stages[name].sum_seconds for name in names if name in stages) / total.count

    seconds = {QUEUE: mean("queue")} | {name: mean(*of) for name, of in PARTS.items()}
    inside = mean("total")
    seconds[GATEWAY] = max(inside - sum(seconds.values()), 0.0)
    seconds[RECORDS] = mean("record")
    seconds[NETWORK] = max(latency.mean - inside - seconds[RECORDS], 0.0)
    whole = sum(seconds.values())
    order = (NETWORK, QUEUE, GATEWAY, DECODE, FACE, MODEL, RECORDS)
    return tuple(Part(name, seconds[name], seconds[name] / whole if whole else 0.0) for name in order)


def _whole(parts: tuple[Part, ...]) -> float:
    return sum(part.seconds for part in parts)


def _pressure(run: FinishedRun) -> str:
    """What else the gateway's metrics say about load."""
    target, words = run.target, []
    if target.queue_length_max:
        words.append(f"up to {target.queue_length_max:.0f} photos queued")
    if target.shed:
        words.append(f"{sum(target.shed.values()):.0f} were shed")
    if target.cpu_seconds is not None and run.summary.seconds:
        words.append(f"the gateway's processes that say so used {target.cpu_seconds / run.summary.seconds:.2f} cores")
    return "" if not words else f" {'; '.join(words).capitalize()}."
