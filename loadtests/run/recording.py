"""What one worker records, and how the recordings of several become one: everything in it is a count, a histogram or a maximum.

A worker sends what it recorded since the last time, once a second, so that what a killed worker had already done is known.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from loadtests.histogram import Histogram
from loadtests.run.format import OK_OUTCOMES, Answers, LatencyFigures, SeriesRow

NO_STATUS: Final = "none"
OUT_OF_SOCKETS: Final = "generator_out_of_sockets"
"""Status of a request that the generator had no file descriptor for: its own fault, which makes a run invalid."""
SEVERITY_BINS: Final = 10
PARTS: Final = 1_000_000
"""Severity is told in parts per million."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered to one photo, and what should have been; None where it was not, or nobody knows.

    Attributes:
        severity_ppm: The answer's severity.
        band: Its band, or "abstained".
        problem: Code of the problem instead of an answer.
        model_version: Which answered.
        expected_ppm: The middle of the severities that are right.
        expected_band: The right band, or "abstained".
        expected_problem: The right problem of a bad photo.
        checked: Whether the pack says what is right for this version.
    """

    severity_ppm: int | None = None
    band: str | None = None
    problem: str | None = None
    model_version: str | None = None
    expected_ppm: int | None = None
    expected_band: str | None = None
    expected_problem: str | None = None
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """One request that ended.

    Attributes:
        user_type: Of `format.USER_TYPES`.
        due: Moment at which it was meant to start, in seconds from the start of the run.
        at: Moment at which it ended.
        outcome: Of `format.OUTCOMES`.
        status: HTTP status or name of a gRPC status; None where there was no answer.
        said: Of a photo.
    """

    user_type: str
    due: float
    at: float
    outcome: str
    status: str | None
    said: Said | None = None


@dataclass(slots=True)
class Second:
    """What happened within one second of a run."""

    wanted: int = 0
    started: int = 0
    ok: int = 0
    errors: int = 0
    latency: Histogram = field(default_factory=Histogram)

    def add(self, other: Second) -> None:
        """Add what happened elsewhere within the same second."""
        self.wanted += other.wanted
        self.started += other.started
        self.ok += other.ok
        self.errors += other.errors
        self.latency.add(other.latency)


class Recording:
    """Of one worker, of several, or of the time since the last report."""

    def __init__(self) -> None:
        self.latency: dict[str, Histogram] = {}
        self.late = Histogram()
        self.outcomes: dict[str, Counter[str]] = {}
        self.statuses: dict[str, Counter[str]] = {}
        self.answers: dict[str, Counter[str]] = {}
        self.seconds: dict[int, Second] = {}
        self.cpu_share = 0.0

    def expect(self, moments: Iterable[float]) -> None:
        """Note the requests that are due."""
        for second, count in Counter(map(math.floor, moments)).items():
            self._second(second).wanted += count

    def start(self, due: float, at: float) -> None:
        """Note that a request starts, and how late it is: moments in seconds from the start of the run."""
        self.late.record(max(at - due, 0.0))
        self._second(math.floor(at)).started += 1

    def end(self, ended: Ended) -> None:
        """Note how a request ended."""
        seconds = ended.at - ended.due
        self.latency.setdefault(ended.user_type, Histogram()).record(seconds)
        self.outcomes.setdefault(ended.user_type, Counter())[ended.outcome] += 1
        self.statuses.setdefault(ended.user_type, Counter())[ended.status or NO_STATUS] += 1
        second = self._second(math.floor(ended.at))
        second.latency.record(seconds)
        if ended.outcome in OK_OUTCOMES:
            second.ok += 1
        else:
            second.errors += 1
        if ended.said is not None:
            self._note_answer(ended.said)

    def note_cpu(self, share: float) -> None:
        """Note the CPU seconds per second of this process over a while; the largest counts."""
        self.cpu_share = max(self.cpu_share, share)

    def add(self, other: Recording) -> None:
        """Add what another worker recorded, or the same one later."""
        for user_type, histogram in other.latency.items():
            self.latency.setdefault(user_type, Histogram()).add(histogram)
        self.late.add(other.late)
        for mine, theirs in zip(self._counters(), other._counters(), strict=True):
            for name, counts in theirs.items():
                mine.setdefault(name, Counter()).update(counts)
        for second, happened in other.seconds.items():
            self._second(second).add(happened)
        self.cpu_share = max(self.cpu_share, other.cpu_share)

    def dump(self) -> str:
        """As text, for `load`."""
        return json.dumps(
            {
                "latency": {name: each.encode() for name, each in self.latency.items()},
                "late": self.late.encode(),
                "outcomes": self.outcomes,
                "statuses": self.statuses,
                "answers": self.answers,
                "seconds": {
                    second: [each.wanted, each.started, each.ok, each.errors, each.latency.encode()]
                    for second, each in self.seconds.items()
                },
                "cpu_share": self.cpu_share,
            }
        )

    @classmethod
    def load(cls, text: str) -> Self:
        """What `dump` made."""
        content: dict[str, Any] = json.loads(text)
        recording = cls()
        recording.latency = {name: Histogram.decode(word) for name, word in content["latency"].items()}
        recording.late = Histogram.decode(content["late"])
        recording.outcomes = _counters_of(content["outcomes"])
        recording.statuses = _counters_of(content["statuses"])
        recording.answers = _counters_of(content["answers"])
        recording.seconds = {
            int(second): Second(wanted, started, ok, errors, Histogram.decode(word))
            for second, (wanted, started, ok, errors, word) in content["seconds"].items()
        }
        recording.cpu_share = content["cpu_share"]
        return recording

    def started_before(self, second: float) -> int:
        """Requests that started before the end of this second."""
        return sum(each.started for index, each in self.seconds.items() if index < second)

    def ok_before(self, second: float) -> int:
        """Requests that ended as they should before the end of this second."""
        return sum(each.ok for index, each in self.seconds.items() if index < second)

    @property
    def wanted(self) -> int:
        """Requests that were due."""
        return sum(each.wanted for each in self.seconds.values())

    def series(self) -> tuple[SeriesRow, ...]:
        """A row for every second up to the last in which something happened."""
        seconds = [self.seconds.get(index, Second()) for index in range(max(self.seconds, default=-1) + 1)]
        open_after = itertools.accumulate(each.started - each.ok - each.errors for each in seconds)
        return tuple(
            SeriesRow(
                second=index,
                wanted=each.wanted,
                started=each.started,
                ended=each.ok + each.errors,
                ok=each.ok,
                errors=each.errors,
                p50=each.latency.percentile(50),
                p99=each.latency.percentile(99),
                in_flight=in_flight,
            )
            for (index, each), in_flight in zip(enumerate(seconds), open_after, strict=True)
        )

    def latency_figures(self) -> dict[str, LatencyFigures]:
        """By user type."""
        return {user_type: latency_figures(each) for user_type, each in self.latency.items()}

    def answer_figures(self) -> Answers:
        """What was answered to photos, and what should have been."""
        said = {name: dict(counts) for name, counts in self.answers.items() if name != "unchecked"}
        return Answers(**said, unchecked=self.answers.get("unchecked", Counter()).total())

    def _second(self, index: int) -> Second:
        return self.seconds.setdefault(index, Second())

    def _counters(self) -> tuple[dict[str, Counter[str]], ...]:
        return self.outcomes, self.statuses, self.answers

    def _note_answer(self, said: Said) -> None:
        noted = {
            "bands": said.band,
            "problems": said.problem,
            "model_versions": said.model_version,
            "expected_bands": said.expected_band,
            "expected_problems": said.expected_problem,
            "bins": None if said.severity_ppm is None else severity_bin(said.severity_ppm),
            "expected_bins": None if said.expected_ppm is None else severity_bin(said.expected_ppm),
            "unchecked": None if said.checked else "photo",
        }
        for name, value in noted.items():
            if value is not None:
                self.answers.setdefault(name, Counter())[value] += 1


def latency_figures(histogram: Histogram) -> LatencyFigures:
    """The figures of a report."""
    return LatencyFigures(
        count=histogram.count,
        mean=histogram.mean,
        p50=histogram.percentile(50),
        p90=histogram.percentile(90),
        p95=histogram.percentile(95),
        p99=histogram.percentile(99),
        p999=histogram.percentile(99.9),
        max=histogram.max,
    )


def severity_bin(severity_ppm: int) -> str:
    """The bin that the gateway's metric counts a severity in: the upper edge, inclusive, "0.1" to "1.0"."""
    width = PARTS // SEVERITY_BINS
    return f"{max(-(-severity_ppm // width), 1) / SEVERITY_BINS:.1f}"


def _counters_of(content: Mapping[str, Mapping[str, int]]) -> dict[str, Counter[str]]:
    return {name: Counter(counts) for name, counts in content.items()}
