"""A finished run as a folder, which reports, verdicts and the capacity search read.

| file | what it holds |
| --- | --- |
| `run.json` | `RunSummary`: what was wanted, what was achieved, whether it can be believed, counts, answers, latency |
| `latency.hgrm` | the whole latency distribution of each user type, as an HDR histogram log (`loadtests.histogram`) |
| `series.csv` | one row for every second, `SeriesRow` |
| `stages.json` | `TargetChange`: what the gateway's own metrics say happened meanwhile; a run without `--metrics` has an empty one |

All latencies are seconds from the moment at which a request was *meant* to start to the last byte of its answer. A request
that never got one counts with the time until it was given up. Everything is a count or a sum, so that the figures of
several workers are the sum of theirs.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from loadtests.errors import RunUnreadable
from loadtests.histogram import Histogram, read_histograms, write_histograms

SCHEMA: Final = "symmetra.loadtest/1"
RUN_FILE: Final = "run.json"
LATENCY_FILE: Final = "latency.hgrm"
SERIES_FILE: Final = "series.csv"
STAGES_FILE: Final = "stages.json"

USER_TYPES: Final = ("photo", "page", "direct")
"""A photo posted to the gateway; its page; a crop asked of the model server directly, past the gateway."""

ANSWERED: Final = "answered"
ABSTAINED: Final = "abstained"
REFUSED_PHOTO: Final = "refused_photo"
SHED: Final = "shed"
THROTTLED: Final = "throttled"
WRONG: Final = "wrong"
FAILED: Final = "failed"
TIMEOUT: Final = "timeout"
NO_ANSWER: Final = "no_answer"
OUTCOMES: Final = (ANSWERED, ABSTAINED, REFUSED_PHOTO, SHED, THROTTLED, WRONG, FAILED, TIMEOUT, NO_ANSWER)
"""How a request ended.

`answered`: with what was expected. `abstained`: the system declined to give a band, as it says it may. `refused_photo`: a bad
photo got the problem that it should. `shed`: 429 or 503, to protect the others. `throttled`: 429 because of this client's own
rate. `wrong`: an answer that is not the expected one. `failed`: any other status. `timeout`: given up after the patience of the
run. `no_answer`: the connection failed.
"""
OK_OUTCOMES: Final = (ANSWERED, ABSTAINED, REFUSED_PHOTO)
"""Those with which a request ended as it should; the others are errors."""


@dataclass(frozen=True, slots=True)
class InvalidReason:
    """Why a run says nothing about its target: a code of `loadtests.validity`, and a sentence with the figures."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class LatencyFigures:
    """Of one user type, in seconds from the intended start; zeros where there was no request.

    Percentiles are exact to the precision of the histogram: the answer's own rank, its value at most 0.1 % off.
    """

    count: int = 0
    mean: float = 0.0
    p50: float = 0.0
    p90: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    p999: float = 0.0
    max: float = 0.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to photos, and what the pack says should have been, over the same photos.

    Attributes:
        bins: Answers by severity bin, keys "0.1" to "1.0" (upper edges), as the gateway's metric counts them.
        bands: Answers by band, and "abstained" for those without one.
        problems: Refused photos by problem code.
        expected_bins: Of the expected severity (the middle of its range) of the photos that were answered.
        expected_bands: Of the photos that were answered.
        expected_problems: Of the photos that were refused or answered though they should have been refused.
        model_versions: Answers by the version that gave them.
        unchecked: Answers to photos of which the pack does not know what this version should say.
    """

    bins: dict[str, int] = field(default_factory=dict)
    bands: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)
    expected_bins: dict[str, int] = field(default_factory=dict)
    expected_bands: dict[str, int] = field(default_factory=dict)
    expected_problems: dict[str, int] = field(default_factory=dict)
    model_versions: dict[str, int] = field(default_factory=dict)
    unchecked: int = 0


@dataclass(frozen=True, slots=True)
class GeneratorFigures:
    """How the generator itself fared.

    Attributes:
        workers: Processes that were to make load.
        workers_lost: Of these, how many fell silent before they were done.
        cpu_share_max: CPU seconds per second of the busiest process (one process can use one core), 0 to 1.
        late_start_p99_seconds: By which requests started later than meant.
        late_start_max_seconds: The latest.
        in_flight_max: Requests that waited for an answer at once, at the end of a second, over all workers.
    """

    workers: int
    workers_lost: int
    cpu_share_max: float
    late_start_p99_seconds: float
    late_start_max_seconds: float
    in_flight_max: int


@dataclass(frozen=True, slots=True)
class RunSummary:
    """`run.json`.

    Attributes:
        started: When the first request could be due, ISO 8601 in UTC.
        seconds: During which requests were meant to start; answers were awaited for a while longer.
        target: Address of the gateway.
        model_server: Address of the model server that `direct` users asked, or None.
        traffic_class: Under which the gateway counted the photos: "loadtest" with a key, "patient" on loopback without keys.
        arrivals: The schedule, as `loadtests.arrivals.ArrivalPlan.as_dict` says it.
        mix: Share of each user type.
        pack: Name and digest of the pack of photos, or None where none was sent.
        wanted: Requests that were due.
        started_count: Requests that were started while the schedule lasted.
        wanted_rate: `wanted / seconds`.
        achieved_rate: `started_count / seconds`.
        completed_rate: Requests of the kinds in `OK_OUTCOMES` that ended while the schedule lasted, per second.
        valid: Whether the run says something about its target.
        invalid_reasons: Why not; empty where valid.
        generator: How the generator fared.
        outcomes: By user type, then by outcome of `OUTCOMES`.
        statuses: By user type, then by HTTP status or gRPC status name; "none" where there was no answer.
        answers: What was answered to photos.
        latency: By user type.
        model_version: Pinned at the target when the run began, or None where it does not say.
        machine: That led the run (`loadtests.run.machine`); None in runs of before it was kept.
        schema: `SCHEMA`.
    """

    started: str
    seconds: float
    target: str
    model_server: str | None
    traffic_class: str
    arrivals: dict[str, Any]
    mix: dict[str, float]
    pack: dict[str, str] | None
    wanted: int
    started_count: int
    wanted_rate: float
    achieved_rate: float
    completed_rate: float
    valid: bool
    invalid_reasons: tuple[InvalidReason, ...]
    generator: GeneratorFigures
    outcomes: dict[str, dict[str, int]]
    statuses: dict[str, dict[str, int]]
    answers: Answers
    latency: dict[str, LatencyFigures]
    model_version: str | None = None
    machine: dict[str, str] | None = None
    schema: str = SCHEMA

    def count(self, *outcomes: str) -> int:
        """Requests of all user types with one of these outcomes."""
        return sum(counts.get(outcome, 0) for counts in self.outcomes.values() for outcome in outcomes)


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One second of a run, counted from its start; the rows go on until the last answer.

    Attributes:
        second: 0, 1, ...: from `second` to `second + 1` seconds after the start.
        wanted: Requests that were due.
        started: Requests that started.
        ended: Requests that ended.
        ok: Of these, with an outcome of `OK_OUTCOMES`.
        errors: Of these, with another.
        p50: Median latency in seconds of those that ended, 0.0 where none did.
        p99: Their 99th percentile.
        in_flight: Requests without an answer at the end of the second.
    """

    second: int
    wanted: int
    started: int
    ended: int
    ok: int
    errors: int
    p50: float
    p99: float
    in_flight: int


@dataclass(frozen=True, slots=True)
class StageChange:
    """Of one stage of the gateway, all replicas together, over the run.

    Attributes:
        count: Screenings that went through it.
        sum_seconds: What they took together.
        buckets: How many took at most so long; key is the upper edge as the metric writes it ("0.25", "+Inf"), cumulative.
    """

    count: float
    sum_seconds: float
    buckets: dict[str, float]


@dataclass(frozen=True, slots=True)
class TargetChange:
    """`stages.json`: the differences of the gateway's metrics between the start and the end of a run, replicas added up.

    Attributes:
        replicas: Addresses of the metrics pages that were read.
        traffic_class: Whose stages these are.
        stages: By stage ("upload", "queue", "decode", "face", "predict", ..., "total").
        shed: Refusals to protect the others, by reason.
        model_calls: Calls of the model server by result.
        screenings: By traffic class, then by outcome.
        in_flight_max: Largest `symmetra_in_flight` seen, replicas added up; looked at every few seconds.
        queue_length_max: Largest `symmetra_queue_length` seen.
        cpu_seconds: CPU that the gateway's processes used, where they say so, else None.
    """

    replicas: tuple[str, ...] = ()
    traffic_class: str = ""
    stages: dict[str, StageChange] = field(default_factory=dict)
    shed: dict[str, float] = field(default_factory=dict)
    model_calls: dict[str, float] = field(default_factory=dict)
    screenings: dict[str, dict[str, float]] = field(default_factory=dict)
    in_flight_max: float = 0.0
    queue_length_max: float = 0.0
    cpu_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """Everything in the folder of a run."""

    summary: RunSummary
    latency: dict[str, Histogram]
    series: tuple[SeriesRow, ...]
    target: TargetChange


def write_run(folder: Path, run: FinishedRun) -> None:
    """Write a run; `run.json` comes last, so that a folder with it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    write_histograms(folder / LATENCY_FILE, run.latency)
    with (folder / SERIES_FILE).open("w", newline="") as file:
        rows = csv.DictWriter(file, [each.name for each in dataclasses.fields(SeriesRow)], lineterminator="\n")
        rows.writeheader()
        rows.writerows(dataclasses.asdict(row) for row in run.series)
    _write_json(folder / STAGES_FILE, dataclasses.asdict(run.target))
    _write_json(folder / RUN_FILE, dataclasses.asdict(run.summary))


def read_run(folder: Path) -> FinishedRun:
    """Read what `write_run` wrote.

    Raises:
        RunUnreadable: The folder holds no finished run, or one of another schema.
    """
    try:
        content = json.loads((folder / RUN_FILE).read_text())
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            message = f"{folder / RUN_FILE} is not a run of the schema {SCHEMA}"
            raise RunUnreadable(message)
        with (folder / SERIES_FILE).open(newline="") as file:
            series = tuple(_from_dict(SeriesRow, row) for row in csv.DictReader(file))
        return FinishedRun(
            _from_dict(RunSummary, content),
            read_histograms(folder / LATENCY_FILE),
            series,
            _from_dict(TargetChange, json.loads((folder / STAGES_FILE).read_text())),
        )
    except FileNotFoundError as error:
        message = f"{folder} holds no finished run: {Path(str(error.filename)).name} is missing"
        raise RunUnreadable(message) from error
    except (ValueError, TypeError, KeyError) as error:
        message = f"{folder} holds no run that can be read: {error}"
        raise RunUnreadable(message) from error


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


_Row = TypeVar("_Row")


def _from_dict(kind: type[_Row], content: Mapping[str, Any]) -> _Row:
    """A dataclass from what `dataclasses.asdict` made of it, through JSON or CSV."""
    hints = typing.get_type_hints(kind)
    return kind(**{name: _value(hints[name], value) for name, value in content.items()})


def _value(hint: Any, value: Any) -> Any:  # noqa: ANN401 - whatever a field may hold
    if dataclasses.is_dataclass(hint):
        return _from_dict(typing.cast("type[Any]", hint), value)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _value(arguments[0], value)
    if origin is tuple:
        return tuple(_value(arguments[0], item) for item in value)
    if origin is dict:
        return {key: _value(arguments[1], item) for key, item in value.items()}
    return hint(value) if hint in (int, float) else value
