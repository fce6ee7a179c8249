"""Coarse to fine over few knobs: one knob after the other, each from the best that was found so far.

What is tried is decided from the scores alone, so a search that was stopped takes the same way again over what it measured already.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loadtests.tuning.candidate import Batching, Candidate, more_threads, usual_batching

STEP: Final = 1.02
"""By which a neighbour must be better to be gone on from: below it, what is nearer to the usual is kept."""
CONFIRMED: Final = 3
"""A short look is rough: the best of many is so by luck as often as not."""
COARSE_SIZES: Final = (8, 16, 64)
WAITS_MICROSECONDS: Final = (500, 2000)


@dataclass(frozen=True, slots=True)
class Score:
    """What a short look at a candidate found.

    Attributes:
        candidate: It.
        gain: Its throughput over the defaults', at the level of load where its p95 is no worse; 0 where no level was so.
    """

    candidate: Candidate
    gain: float


def search(cores: int, look: Callable[[Candidate], Score], has_time: Callable[[], bool]) -> list[Score]:
    """Look at candidates, best last guess first, until every knob was turned or the time is over.

    Args:
        cores: That the server has.
        look: Measures one.
        has_time: Whether another may be looked at; the first two always are.
    """
    seen = {each: look(each) for each in (more_threads(), usual_batching(cores))}
    best = seen[usual_batching(cores)]
    for knob in _KNOBS:
        current = best
        for candidate in knob(current.candidate, cores):
            if candidate in seen or not has_time():
                continue
            seen[candidate] = look(candidate)
            if seen[candidate].gain > max(best.gain, current.gain * STEP):
                best = seen[candidate]
    return list(seen.values())


def worth_confirming(scores: Sequence[Score]) -> list[Candidate]:
    """Those with the best looks, the best first; of equals the one that was looked at first. Room for calls alone is always among them."""
    looked = [score.candidate for score in sorted(scores, key=lambda score: -score.gain) if score.gain]
    return list(dict.fromkeys([*looked[:CONFIRMED], more_threads()]))


def _batch_threads(candidate: Candidate, cores: int) -> list[Candidate]:
    return [_with_batching(candidate, num_batch_threads=count) for count in (1, 2 * cores)]


def _op_threads(candidate: Candidate, cores: int) -> list[Candidate]:
    """One thread an op leaves the cores to whole batches; threads between ops help graphs with branches."""
    return [
        dataclasses.replace(candidate, intra_op_threads=1),
        dataclasses.replace(candidate, intra_op_threads=1, inter_op_threads=cores),
        dataclasses.replace(candidate, inter_op_threads=cores),
    ]


def _sizes(candidate: Candidate, cores: int) -> list[Candidate]:  # noqa: ARG001 - as all knobs
    return [_with_batching(candidate, max_batch_size=size) for size in COARSE_SIZES]


def _waits(candidate: Candidate, cores: int) -> list[Candidate]:  # noqa: ARG001 - as all knobs
    return [_with_batching(candidate, batch_timeout_micros=wait) for wait in WAITS_MICROSECONDS]


def _padding(candidate: Candidate, cores: int) -> list[Candidate]:  # noqa: ARG001 - as all knobs
    return [_with_batching(candidate, is_padded=True)]


def _fine(candidate: Candidate, cores: int) -> list[Candidate]:  # noqa: ARG001 - as all knobs
    """Between the steps of the coarse search."""
    size = _batching(candidate).max_batch_size
    threads = _batching(candidate).num_batch_threads
    near_sizes = [_with_batching(candidate, max_batch_size=near) for near in (size * 3 // 4, size * 3 // 2)]
    near_threads = [_with_batching(candidate, num_batch_threads=near) for near in (threads - 1, threads + 1) if near]
    return near_sizes + near_threads


_KNOBS: Final = (_batch_threads, _op_threads, _sizes, _waits, _padding, _fine)


def _batching(candidate: Candidate) -> Batching:
    if candidate.batching is None:
        message = "a search begins with batching"
        raise ValueError(message)
    return candidate.batching


def _with_batching(candidate: Candidate, **changes: Any) -> Candidate:  # noqa: ANN401 - as dataclasses.replace
    return dataclasses.replace(candidate, batching=dataclasses.replace(_batching(candidate), **changes))
