"""When a run says nothing about its target, because something else was the limit or the target changed beneath it.

| code | when |
| --- | --- |
| `late_starts` | at the 99th percentile, requests started more than 5 ms after they were due |
| `generator_cpu` | a process of the generator used more than 85 % of a core over five seconds: what it reads late, it reports as latency |
| `rate_not_achieved` | fewer than 98 % of the wanted requests started while the schedule lasted |
| `worker_lost` | a worker fell silent before it was done; its requests are missing |
| `out_of_sockets` | the generator had no file descriptor left for a request |
| `stopped_early` | somebody ended the run before its schedule did |
| `throttled` | the target's limit for a single client refused requests |
| `replicas_changed` | a replica's metrics page came, went, or belongs to a process that started meanwhile |
| `version_changed` | another model version was pinned before than after, or answered in between |
| `foreign_traffic` | the target screened more photos than this run sent, beyond 1 % |
| `target_unreadable` | the target's metrics could be read at the start or at the end, but not at both |

A run with any of these is kept, with the reasons, and no verdict rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from loadtests.run.format import THROTTLED, InvalidReason
from loadtests.run.observation import Observation, Observations
from loadtests.run.recording import OUT_OF_SOCKETS, Recording

MAX_LATE_P99_SECONDS: Final = 0.005
MAX_CPU_SHARE: Final = 0.85
MIN_ACHIEVED_SHARE: Final = 0.98
MAX_FOREIGN_SHARE: Final = 0.01
SENTINEL: Final = "sentinel"
"""A site's own watching belongs to it, and is not foreign."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is needed to judge a run.

    Attributes:
        seconds: During which requests were due.
        workers: Processes that were to make load.
        lost: Names of those that fell silent.
        stopped_early: Whether somebody ended the run.
        observations: Of the target; None where nobody looked.
    """

    seconds: float
    workers: int
    lost: tuple[str, ...]
    stopped_early: bool
    observations: Observations | None


def judge(recording: Recording, circumstances: Circumstances) -> tuple[InvalidReason, ...]:
    """Why the run says nothing; empty where it does."""
    return (
        *_judge_generator(recording, circumstances),
        *_judge_throttling(recording),
        *(_judge_target(recording, circumstances.observations) if circumstances.observations else ()),
    )


def _judge_generator(recording: Recording, circumstances: Circumstances) -> Iterator[InvalidReason]:
    late = recording.late.percentile(99)
    if late > MAX_LATE_P99_SECONDS:
        yield InvalidReason(
            "late_starts",
            f"1 % of the requests started {late * 1000:.1f} ms late or later; {MAX_LATE_P99_SECONDS * 1000:.0f} ms are allowed. "
            "Give the generator more workers or a machine of its own.",
        )
    if recording.cpu_share > MAX_CPU_SHARE:
        yield InvalidReason(
            "generator_cpu",
            f"a process of the generator used {recording.cpu_share:.0%} of its core over five seconds; {MAX_CPU_SHARE:.0%} are "
            "allowed. Give it more workers.",
        )
    started = recording.started_before(circumstances.seconds)
    if started < MIN_ACHIEVED_SHARE * recording.wanted:
        yield InvalidReason(
            "rate_not_achieved",
            f"{started} of {recording.wanted} requests that were due were started; {MIN_ACHIEVED_SHARE:.0%} are needed.",
        )
    without_socket = sum(counts[OUT_OF_SOCKETS] for counts in recording.statuses.values())
    if without_socket:
        yield InvalidReason(
            "out_of_sockets", f"the generator had no file descriptor left for {without_socket} requests."
        )
    if circumstances.lost:
        yield InvalidReason(
            "worker_lost",
            f"{len(circumstances.lost)} of {circumstances.workers} workers fell silent: {', '.join(circumstances.lost)}.",
        )
    if circumstances.stopped_early:
        yield InvalidReason("stopped_early", "The run was ended before its schedule was over.")


def _judge_throttling(recording: Recording) -> Iterator[InvalidReason]:
    throttled = sum(counts[THROTTLED] for counts in recording.outcomes.values())
    if throttled:
        yield InvalidReason(
            "throttled",
            f"the target's limit for one client refused {throttled} requests. Raise it for the key of the load test.",
        )


def _judge_target(recording: Recording, observations: Observations) -> Iterator[InvalidReason]:
    first, last = observations.first, observations.last
    if first is None or last is None:
        yield InvalidReason(
            "target_unreadable", "The target's metrics or version could not be read at both ends of the run."
        )
        return
    if first.processes != last.processes:
        yield InvalidReason(
            "replicas_changed",
            f"the replicas are not those of the start: {_replicas(first)} before, {_replicas(last)} after.",
        )
        return
    versions = {each for each in (first.model_version, last.model_version) if each is not None}
    versions |= set(recording.answers.get("model_versions", ()))
    if len(versions) > 1:
        yield InvalidReason(
            "version_changed", f"versions {', '.join(sorted(versions))} were in service during the run."
        )
    yield from _judge_foreign_traffic(recording, observations)


def _judge_foreign_traffic(recording: Recording, observations: Observations) -> Iterator[InvalidReason]:
    change = observations.change()
    if not change.screenings:
        return
    screened = sum(sum(each.values()) for traffic, each in change.screenings.items() if traffic != SENTINEL)
    sent = sum(sum(counts.values()) for user_type, counts in recording.outcomes.items() if user_type == "photo")
    foreign = screened - sent
    if foreign > max(MAX_FOREIGN_SHARE * sent, 1):
        yield InvalidReason(
            "foreign_traffic",
            f"the target screened {foreign:.0f} photos that this run did not send, beside its own {sent}.",
        )


def _replicas(observation: Observation) -> str:
    return ", ".join(sorted(observation.processes)) or "none"
