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
from loadtests.tuning.measuring import CONFIRM, Round, TuneQuestion
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
        at: When, ISO 8601.
        commit: Of this program, where it is known.
        best: The candidate with the best short look; it alone was confirmed.
        gains: Of it, confirmed anew, for each level of load of the defaults; the last is their highest.
        scores: Of all short looks.
        rounds: Everything that was measured.
    """

    question: TuneQuestion
    at: str
    commit: str
    best: Candidate
    gains: tuple[Gain, ...]
    scores: tuple[Score, ...]
    rounds: tuple[Round, ...]

    @property
    def headline(self) -> Gain | None:
        """The gain over the defaults at the most that they take; None where no level of load has a p95 as good."""
        highest = max(each.in_flight for each in self._confirmed()[0].defaults)
        return next((gain for gain in self.gains if gain.defaults_in_flight == highest), None)

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
        tried = f"{len(self.scores)} configurations were looked at on {asked.cores} cores of {asked.machine['cpu']}"
        if gain is None:
            return f"{tried}: none has a p95 as good as the defaults' at a load that they take; keep the defaults."
        figures = (
            f"{as_text(gain.throughput)} times the calls a second of TensorFlow Serving's defaults ({gain.per_second:.0f} with {gain.in_flight} "
            f"in flight, beside {gain.defaults_per_second:.0f} with {gain.defaults_in_flight}, the most that they take), p95 "
            f"{gain.p95_milliseconds:.1f} ms beside {gain.defaults_p95_milliseconds:.1f} ({as_text(gain.p95)} times)"
        )
        bar = f"the bar of {BAR} times is {'met' if self.meets_bar else 'not met'}"
        if not self.gains_anything:
            return f"{tried} and one was confirmed, the best look, {self.best.name}: {figures}; {bar}. What was only looked at is not ruled out. Keep the defaults."
        return f"{tried}; the best, {self.best.name}, confirmed: {figures}; {bar}."

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        """Of the confirmation: p95 in milliseconds and calls a second at each level of load, means over rounds."""
        confirmed = self._confirmed()
        return {
            "defaults": _curve([each.defaults for each in confirmed]),
            "tuned": _curve([each.loads for each in confirmed]),
        }

    def _confirmed(self) -> list[Round]:
        return [each for each in self.rounds if each.purpose == CONFIRM and each.candidate == self.best.name]


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
    content = dataclasses.asdict(tuned)
    # The file is kept and shown to others; where things lie on this machine is none of their business.
    content["question"]["repository"] = Path(tuned.question.repository).name
    content["question"]["server_command"] = [Path(word).name for word in tuned.question.server_command]
    candidates = {"best": tuned.best.name, "batching_config": tuned.best.batching and tuned.best.batching.as_text()}
    found = {
        "sentence": tuned.sentence,
        "bar": BAR,
        "meets_bar": tuned.meets_bar,
        "gains_anything": tuned.gains_anything,
        "flags": tuned.best.flags(Path(BATCHING_FILE)),
    }
    looks = [{"candidate": score.candidate.name, "gain": score.gain} for score in tuned.scores]
    return {"schema": SCHEMA} | content | found | candidates | {"best_candidate": content["best"], "scores": looks}


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
        f"{tuned.at}, commit {tuned.commit}, {asked.cores} cores of {asked.machine['cpu']} ({asked.machine['features']}),",
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
