"""Measuring candidates beside the defaults, in turn, and nothing twice.

| in the folder | what it holds |
| --- | --- |
| `question.json` | what is asked: server, model, levels, seconds; a folder with another question is left alone |
| `measured.jsonl` | every round so far, one a line |
| `servers/` | batching files, and what the servers printed |

Both servers stand side by side; only one is under load at a time, and the order changes from round to round.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from loadtests.errors import ServerNotStarted, TuneFailed, TuneUnusable
from loadtests.tuning.candidate import DEFAULT_GRPC_THREADS_PER_CORE, DEFAULTS, Candidate
from loadtests.tuning.gain import Gain, best_gain, takes
from loadtests.tuning.load import Load, LoadRequest
from loadtests.tuning.search import Score
from loadtests.tuning.servers import LoadGenerator, ModelServer

QUESTION_FILE: Final = "question.json"
MEASURED_FILE: Final = "measured.jsonl"
SERVERS_FOLDER: Final = "servers"
LADDER: Final = (1, 1.5, 2, 3, 4, 6)
"""Levels of load of a candidate, as multiples of the defaults' highest."""
HOPELESS: Final = 1.4
"""Times the p95 of the defaults, beyond which a higher level is not looked at."""
LOOK_SLACK: Final = 1.05
"""Times the p95 of the defaults, that a level may have in a short look, which is rough; the confirmation allows nothing."""
OF_DEFAULTS, LOOK, CONFIRM = "defaults", "look", "confirm"


@dataclass(frozen=True, slots=True)
class TuneQuestion:
    """What is asked; a folder belongs to one.

    Attributes:
        server_command: Of the model server.
        repository: Folder of the models.
        model: Name of one there.
        version: Its highest, which the server loads.
        digest: SHA-256 of that version's `manifest.json`; None where it has none.
        commit: Of this program, and so of the server that comes with it: figures of two commits say nothing together.
        machine: `loadtests.run.machine.machine_of_load`.
        cores: That the server has.
        crops_per_call: Rows of each call.
        seconds: Of each load, without its warm-up.
        warm_up_seconds: Of each load.
        looks: Rounds of a short look.
        rounds: Rounds of the confirmation.
    """

    server_command: tuple[str, ...]
    repository: str
    model: str
    version: int
    digest: str | None
    commit: str
    machine: dict[str, str]
    cores: int
    crops_per_call: int
    seconds: float
    warm_up_seconds: float
    looks: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Round:
    """Loads that were made in turn.

    Attributes:
        purpose: `OF_DEFAULTS`, `LOOK` or `CONFIRM`.
        candidate: Name of what stands beside the defaults; theirs for `OF_DEFAULTS`.
        number: Of the round.
        defaults: A load for each level; none where the candidate's server did not start.
        loads: Of the candidate; none for `OF_DEFAULTS`, nor where its server did not start.
        at: When it was done, ISO 8601.
    """

    purpose: str
    candidate: str
    number: int
    defaults: tuple[Load, ...]
    loads: tuple[Load, ...]
    at: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A candidate that was measured anew.

    Attributes:
        candidate: It.
        highest: Calls at the same time, the most that the defaults take.
        gains: For each level of load of the defaults at which it has a p95 as good.
    """

    candidate: Candidate
    highest: int
    gains: tuple[Gain, ...]

    @property
    def headline(self) -> Gain | None:
        """The gain over the defaults at the most that they take; None where no level of load has a p95 as good."""
        return next((gain for gain in self.gains if gain.defaults_in_flight == self.highest), None)


class Bench:
    """The defaults' server, and a candidate's beside it; both start when something is missing that they must measure.

    Args:
        question: What is asked.
        folder: Of this tuning.
        tell: Told every round in a line.

    Raises:
        TuneUnusable: The folder holds another question.
    """

    def __init__(self, question: TuneQuestion, folder: Path, tell: Callable[[str], None]) -> None:
        self._question, self._folder, self._tell = question, folder, tell
        self._stack = ExitStack()
        self._server: ModelServer | None = None
        self._generator: LoadGenerator | None = None
        _keep_question(question, folder)
        self._rounds = {(each.purpose, each.candidate, each.number): each for each in _read(folder / MEASURED_FILE)}

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what was started."""
        self._stack.close()

    @property
    def rounds(self) -> list[Round]:
        """All that were measured, in the order in which they were asked for first."""
        return list(self._rounds.values())

    def highest_of_defaults(self) -> int:
        """The most calls at the same time that the defaults take: they have few gRPC threads, and refuse what finds none free.

        Raises:
            TuneFailed: They take none.
        """
        key = (OF_DEFAULTS, DEFAULTS.name, 0)
        if key not in self._rounds:
            most = DEFAULT_GRPC_THREADS_PER_CORE * self._question.cores
            levels = sorted({1, self._question.cores, most // 2, 3 * most // 4, most - 1, most})
            self._defaults()  # started, and warm
            loads = tuple(self._load(self._defaults(), level) for level in levels)
            self._keep(Round(*key, loads, ()))
        taken = [load.in_flight for load in self._rounds[key].defaults if takes(load)]
        if not taken:
            message = (
                "with its defaults the model server refuses even one call at a time; nothing can be compared with it"
            )
            raise TuneFailed(message)
        return max(taken)

    def look(self, candidate: Candidate) -> Score:
        """A short look at one candidate: levels upwards until its p95 is hopeless. With some a version cannot be loaded: they gain nothing."""
        highest = self.highest_of_defaults()
        levels = [round(highest * step) for step in LADDER]
        try:
            self._measure(LOOK, candidate, self._question.looks, [highest], levels)
        except ServerNotStarted as error:
            self._tell(f"  {error}")
            for number in range(self._question.looks):
                self._keep(Round(LOOK, candidate.name, number, (), ()))
        gain = self._gain(LOOK, candidate, self._question.looks, highest, LOOK_SLACK)
        score = Score(candidate, 0.0 if gain is None else gain.throughput.middle)
        self._tell(f"  {candidate.name}: {score.gain:.2f} times the defaults" + _where(gain))
        return score

    def confirm(self, candidate: Candidate) -> Confirmed:
        """Measure one anew, in more rounds, at every level; its gain over the defaults at each level of theirs where there is one."""
        highest = self.highest_of_defaults()
        of_defaults = sorted({self._question.cores, max(1, highest // 2), highest})
        levels = sorted({*of_defaults, *(round(highest * step) for step in LADDER)})
        try:
            self._measure(CONFIRM, candidate, self._question.rounds, of_defaults, levels)
        except ServerNotStarted as error:
            self._tell(f"  {error}")
            return Confirmed(candidate, highest, ())
        gains = (self._gain(CONFIRM, candidate, self._question.rounds, level) for level in of_defaults)
        return Confirmed(candidate, highest, tuple(gain for gain in gains if gain is not None))

    def _gain(self, purpose: str, candidate: Candidate, rounds: int, level: int, worst_p95: float = 1.0) -> Gain | None:
        mine = [self._rounds[purpose, candidate.name, number] for number in range(rounds)]
        return best_gain([each.defaults for each in mine], [each.loads for each in mine], level, worst_p95)

    def _measure(
        self, purpose: str, candidate: Candidate, rounds: int, of_defaults: Sequence[int], levels: Sequence[int]
    ) -> None:
        missing = [number for number in range(rounds) if (purpose, candidate.name, number) not in self._rounds]
        if not missing:
            return
        defaults = self._defaults()
        with self._started(candidate) as server:
            self._load(server, levels[-1])  # graphs are built at the first run of each length
            for number in missing:
                if number % 2:
                    loads = self._climb(server, levels, None)
                    theirs = tuple(self._load(defaults, level) for level in of_defaults)
                else:
                    theirs = tuple(self._load(defaults, level) for level in of_defaults)
                    loads = self._climb(server, levels, theirs[-1].p95_milliseconds)
                self._keep(Round(purpose, candidate.name, number, theirs, loads))
                self._tell(f"  round {number + 1} of {rounds}: {purpose}, {candidate.name}")

    def _climb(self, server: ModelServer, levels: Sequence[int], p95_milliseconds: float | None) -> tuple[Load, ...]:
        """Loads upwards; `p95_milliseconds` is the defaults' of this round, where it is known already."""
        if p95_milliseconds is None:
            known = [
                each.defaults[-1].p95_milliseconds
                for each in self._rounds.values()
                if each.purpose != OF_DEFAULTS and each.defaults
            ]
            p95_milliseconds = known[-1]
        loads: list[Load] = []
        for level in levels:
            loads.append(self._load(server, level))
            if loads[-1].p95_milliseconds > HOPELESS * p95_milliseconds:
                break
        return tuple(loads)

    def _load(self, server: ModelServer, in_flight: int) -> Load:
        if self._generator is None:
            self._generator = self._stack.enter_context(LoadGenerator())
        asked = self._question
        load = self._generator.make(
            LoadRequest(
                server.address, asked.model, in_flight, asked.crops_per_call, asked.warm_up_seconds, asked.seconds
            )
        )
        server.require_running()  # before anything is kept of one that is gone
        return load

    def _defaults(self) -> ModelServer:
        if self._server is None:
            try:
                self._server = self._stack.enter_context(self._started(DEFAULTS))
            except ServerNotStarted as error:
                raise TuneFailed(str(error)) from error  # no candidate is to blame
            self._load(self._server, self._question.cores)
        return self._server

    @contextmanager
    def _started(self, candidate: Candidate) -> Iterator[ModelServer]:
        asked = self._question
        with ModelServer(
            candidate, Path(asked.repository), asked.model, asked.server_command, self._folder / SERVERS_FOLDER
        ) as server:
            yield server

    def _keep(self, done: Round) -> None:
        self._rounds[done.purpose, done.candidate, done.number] = done
        with (self._folder / MEASURED_FILE).open("a") as file:
            file.write(json.dumps(dataclasses.asdict(done)) + "\n")


def as_round(content: dict[str, Any]) -> Round:
    """What `dataclasses.asdict` made of one."""
    loads = {name: tuple(Load(**each) for each in content[name]) for name in ("defaults", "loads")}
    return Round(content["purpose"], content["candidate"], content["number"], **loads, at=content["at"])


def _read(path: Path) -> list[Round]:
    """The rounds of a file. Half a line at its end, of a tuning that was stopped, is taken out, so that the next one begins a line."""
    text = path.read_text() if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    return [as_round(json.loads(line)) for line in whole.splitlines()]


def _keep_question(question: TuneQuestion, folder: Path) -> None:
    path, content = folder / QUESTION_FILE, json.loads(json.dumps(dataclasses.asdict(question)))
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Whole or not at all: half a question could not be told from another.
        new = path.with_suffix(".new")
        new.write_text(json.dumps(content, indent=2) + "\n")
        new.replace(path)
        return
    try:
        found = json.loads(path.read_text())
    except ValueError:
        found = None
    if found != content:
        message = (
            f"{folder} holds another question ({QUESTION_FILE}), or one of another commit of this program: choose another folder, "
            "or ask the same again"
        )
        raise TuneUnusable(message)


def _where(gain: Gain | None) -> str:
    if gain is None:
        return " (no level that is as quick)"
    return f" ({gain.per_second:.0f} calls/s, {gain.in_flight} in flight, p95 {gain.p95_milliseconds:.0f} ms; defaults {gain.defaults_per_second:.0f}, {gain.defaults_in_flight}, {gain.defaults_p95_milliseconds:.0f})"
