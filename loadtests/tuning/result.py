"""What a tuning found: `tune.json` with every raw figure, a plot, and where something gains, the configuration to use.

| in the folder | what it holds |
| --- | --- |
| `tune.json` | the question, every round, the scores of the short looks, the gains that were confirmed, the sentence |
| `tune.svg` | p95 and throughput of the defaults and of the best candidate |
| `batching.config` | the batching of the best candidate, and in its head what it gained; only where it gains |
| `server.flags` | all its flags, one a line; only where it gains |
"""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadtests.report.plots import Line, draw_lines
from loadtests.tuning.candidate import Candidate
from loadtests.tuning.gain import Gain, Ratio, takes
from loadtests.tuning.load import Load
from loadtests.tuning.measuring import CONFIRM, Confirmed, Round, TuneQuestion
from loadtests.tuning.search import Score

SCHEMA: Final = "symmetra.tune/1"
BAR: Final = 1.5
"""Times the throughput of the defaults, which a tuned server should answer."""
TUNE_FILE, PLOT_FILE, BATCHING_FILE, FLAGS_FILE = "tune.json", "tune.svg", "batching.config", "server.flags"
STYLE: Final = (
    "<style>text{font:12px system-ui,sans-serif;fill:#1b1f24}.title{font-weight:600}.grid{stroke:#d5d9de}</style>"
)


@dataclass(frozen=True, slots=True)
class Tuned:
    """The result.

    Attributes:
        question: What was asked.
        confirmed: The candidates that were measured anew, in the order of their short looks.
        scores: Of all short looks.
        rounds: Everything that was measured.
    """

    question: TuneQuestion
    confirmed: tuple[Confirmed, ...]
    scores: tuple[Score, ...]
    rounds: tuple[Round, ...]

    @property
    def at(self) -> str:
        """When the last round was done, ISO 8601."""
        return max(each.at for each in self.rounds)

    @property
    def winner(self) -> Confirmed:
        """Of those confirmed the one with the highest gain; of equals the one with the better look.

        Its interval is that of one candidate: the best of several whose interval only just leaves 1 may be so by luck.
        """
        return max(self.confirmed, key=lambda each: 0.0 if each.headline is None else each.headline.throughput.middle)

    @property
    def best(self) -> Candidate:
        """The winner's configuration."""
        return self.winner.candidate

    @property
    def gains(self) -> tuple[Gain, ...]:
        """The winner's, for each level of load of the defaults; the last is their highest."""
        return self.winner.gains

    @property
    def headline(self) -> Gain | None:
        """The winner's gain over the defaults at the most that they take; None where no level of load has a p95 as good."""
        return self.winner.headline

    @property
    def gains_anything(self) -> bool:
        """Whether the whole interval of the headline is above 1."""
        return self.headline is not None and self.headline.throughput.low > 1

    @property
    def meets_bar(self) -> bool:
        """Whether the headline reaches `BAR`."""
        return self.gains_anything and self.headline is not None and self.headline.throughput.middle >= BAR

    @property
    def sentence(self) -> str:
        """What was found, with its figures."""
        gain, asked = self.headline, self.question
        looked = (
            f"{len(self.scores)} configurations were looked at on {asked.cores} cores of {asked.machine['cpu']}, and "
            f"{len(self.confirmed)} of them confirmed"
        )
        if gain is None:
            return f"{looked}: none of these has a p95 as good as the defaults' at a load that they take; keep the defaults."
        figures = (
            f"the best of these, {self.best.name}, answers {as_text(gain.throughput)} times the calls a second of TensorFlow Serving's defaults "
            f"({gain.per_second:.0f} with {gain.in_flight} in flight, beside {gain.defaults_per_second:.0f} with {gain.defaults_in_flight}, the "
            f"most that they take), p95 {gain.p95_milliseconds:.1f} ms beside {gain.defaults_p95_milliseconds:.1f} ({as_text(gain.p95)} times)"
        )
        bar = f"the bar of {BAR} times is {'met' if self.meets_bar else 'not met'}"
        if not self.gains_anything:
            return f"{looked}: {figures}; {bar}. What was only looked at is not ruled out. Keep the defaults."
        return f"{looked}: {figures}; {bar}."

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        """Of the winner's confirmation: p95 in milliseconds and calls a second at each level of load, means over rounds."""
        rounds = [each for each in self.rounds if each.purpose == CONFIRM and each.candidate == self.best.name]
        return {
            "defaults": _curve([each.defaults for each in rounds]),
            "tuned": _curve([each.loads for each in rounds]),
        }


def write_result(tuned: Tuned, folder: Path) -> None:
    """Write the files of a tuning."""
    (folder / TUNE_FILE).write_text(json.dumps(as_json(tuned), indent=1) + "\n")
    lines = [Line(name, points) for name, points in tuned.curves().items()]
    plot = draw_lines("Calls a second, by 95th percentile", "p95, ms", "calls/s", lines)
    (folder / PLOT_FILE).write_text(plot.replace(">", f">{STYLE}", 1) + "\n")
    for name in (BATCHING_FILE, FLAGS_FILE):
        (folder / name).unlink(missing_ok=True)
    if not tuned.gains_anything:
        return
    head = "".join(f"# {line}\n" for line in _head(tuned))
    if tuned.best.batching is not None:
        (folder / BATCHING_FILE).write_text(head + tuned.best.batching.as_text())
    flags = tuned.best.flags(Path(BATCHING_FILE))
    (folder / FLAGS_FILE).write_text(head + "".join(f"{flag}\n" for flag in flags))


def as_json(tuned: Tuned) -> dict[str, Any]:
    """`tune.json`."""
    # The file is kept and shown to others; where things lie on this machine is none of their business.
    asked = dataclasses.replace(
        tuned.question,
        repository=Path(tuned.question.repository).name,
        server_command=tuple(Path(word).name for word in tuned.question.server_command),
    )
    return {
        "schema": SCHEMA,
        "at": tuned.at,
        "commit": asked.commit,
        "question": dataclasses.asdict(asked),
        "sentence": tuned.sentence,
        "bar": BAR,
        "meets_bar": tuned.meets_bar,
        "gains_anything": tuned.gains_anything,
        "best": tuned.best.name,
        "best_candidate": dataclasses.asdict(tuned.best),
        "flags": tuned.best.flags(Path(BATCHING_FILE)),
        "batching_config": tuned.best.batching and tuned.best.batching.as_text(),
        "gains": [dataclasses.asdict(gain) for gain in tuned.gains],
        "confirmed": {
            each.candidate.name: None if each.headline is None else dataclasses.asdict(each.headline)
            for each in tuned.confirmed
        },
        "scores": [{"candidate": score.candidate.name, "gain": score.gain} for score in tuned.scores],
        "rounds": [dataclasses.asdict(each) for each in tuned.rounds],
    }


def as_text(ratio: Ratio) -> str:
    """As in "1.62 (1.55 to 1.70)"."""
    if ratio.high is None:
        return f"{ratio.middle:.2f} (one round, no interval)"
    return f"{ratio.middle:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def _head(tuned: Tuned) -> list[str]:
    asked = tuned.question
    table = [
        f"beside the defaults with {gain.defaults_in_flight} in flight: {as_text(gain.throughput)} times the calls a second, "
        f"{as_text(gain.p95)} times the p95, with {gain.in_flight} in flight"
        for gain in tuned.gains
    ]
    return [
        "Found by `python -m loadtests tune`; tune.json beside it holds every figure.",
        f"{tuned.at}, commit {asked.commit}, {asked.cores} cores of {asked.machine['cpu']} ({asked.machine['features']}),",
        f"{asked.model} version {asked.version}, {asked.crops_per_call} crop a call, {asked.rounds} rounds in turn; ratios with 95 % intervals:",
        *table,
        f"All flags: {' '.join(tuned.best.flags(Path(BATCHING_FILE)))}",
        "On another machine or with another model, tune again.",
    ]


def _curve(rounds: Sequence[Sequence[Load]]) -> list[tuple[float, float]]:
    points = []
    for level in sorted({load.in_flight for loads in rounds for load in loads}):
        loads = [load for each in rounds for load in each if load.in_flight == level and takes(load)]
        if loads:
            p95 = statistics.fmean(load.p95_milliseconds for load in loads)
            points.append((p95, statistics.fmean(load.calls_per_second for load in loads)))
    return sorted(points)
