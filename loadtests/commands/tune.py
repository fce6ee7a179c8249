"""`python -m loadtests tune`: find by trying which batching and threads let a model server answer more.

Starts a model server with TensorFlow Serving's defaults and, beside it, one candidate after the other; measures both in turn with calls
like a gateway's; confirms the best with fresh rounds. What counts is the throughput at a p95 no worse than that of the defaults. The
same command with the same folder goes on where it was stopped. Exit code 0: something gains, and its configuration is written;
4: nothing does, keep the defaults; 1: there is no answer.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from loadtests.capacity.machine import cores
from loadtests.errors import LoadTestError, TuneUnusable
from loadtests.run.keeper import folder_of_now
from loadtests.run.machine import machine_of_load
from loadtests.run.plan import DEFAULT_MODEL
from loadtests.tuning.measuring import Bench, TuneQuestion
from loadtests.tuning.result import Tuned, write_result
from loadtests.tuning.search import search, worth_confirming
from loadtests.tuning.servers import EMBEDDED

GAINS, NO_ANSWER, KEEPS_DEFAULTS = 0, 1, 4
DEFAULT_FOLDER: Final = Path(".run/tune")
WARM_UP_SHARE: Final = 0.25
"""Of the seconds that count, before each load."""
SECONDS_OF_A_MINUTE: Final = 60


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Tune, and say what was found; the exit codes are those above."""
    options = _parser().parse_args(arguments)
    folder: Path = options.folder or folder_of_now(DEFAULT_FOLDER)

    def tell(line: str) -> None:
        err.write(f"{line}\n")
        err.flush()

    try:
        question = _question(options)
        tell(f"tuning in {folder}; the same command with --folder {folder} goes on from there")
        tuned = _tune(question, folder, options.minutes, tell)
        write_result(tuned, folder)
    except (LoadTestError, OSError) as error:
        err.write(f"{error}\n")
        return NO_ANSWER
    out.write(f"{tuned.sentence}\n{folder}\n")
    return GAINS if tuned.gains_anything else KEEPS_DEFAULTS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests tune", description=__doc__)
    parser.add_argument(
        "--repository", type=Path, required=True, help="folder of the models; the highest version is asked"
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"a folder in it ({DEFAULT_MODEL})")
    parser.add_argument(
        "--server-command",
        default=shlex.join(EMBEDDED),
        help="of a server that knows TensorFlow Serving's flags, as in tensorflow_model_server (the embedded one)",
    )
    parser.add_argument(
        "--crops-per-call", type=int, default=1, help="1 as a gateway asks; 9 where its policy abstains (1)"
    )
    parser.add_argument("--seconds", type=float, default=1.5, help="of each load (1.5)")
    parser.add_argument("--looks", type=int, default=2, help="rounds of a short look (2)")
    parser.add_argument("--rounds", type=int, default=6, help="of the confirmation; 2 at least (6)")
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="after which no further candidate is looked at (10)"
    )
    parser.add_argument("--folder", type=Path, help=f"of this tuning; if not given, a new one under {DEFAULT_FOLDER}")
    return parser


def _question(options: argparse.Namespace) -> TuneQuestion:
    versions = options.repository / options.model
    numbers = [int(each.name) for each in versions.iterdir() if each.name.isdigit()] if versions.is_dir() else []
    if not numbers:
        message = f"{versions} holds no version; name with --repository the folder that holds {options.model}/1"
        raise TuneUnusable(message)
    if options.rounds < 2 or options.looks < 1 or options.seconds <= 0 or options.crops_per_call < 1:
        message = "--rounds wants 2 or more, --looks and --crops-per-call 1 or more, --seconds more than 0"
        raise TuneUnusable(message)
    command = tuple(shlex.split(options.server_command))
    if not command:
        message = "--server-command is empty; say how the model server is started"
        raise TuneUnusable(message)
    if command == EMBEDDED and importlib.util.find_spec("tensorflow") is None:
        message = (
            "the embedded model server wants TensorFlow, which this environment does not have; say how a model server is started, "
            'as in --server-command ".venv/serving/bin/python -m serving.server"'
        )
        raise TuneUnusable(message)
    return TuneQuestion(
        server_command=command,
        repository=str(options.repository.resolve()),
        model=options.model,
        version=max(numbers),
        digest=_digest(versions / str(max(numbers))),
        commit=_commit(),
        machine=machine_of_load(),
        cores=cores(),
        crops_per_call=options.crops_per_call,
        seconds=options.seconds,
        warm_up_seconds=options.seconds * WARM_UP_SHARE,
        looks=options.looks,
        rounds=options.rounds,
    )


def _tune(question: TuneQuestion, folder: Path, minutes: float, tell: Callable[[str], None]) -> Tuned:
    deadline = time.monotonic() + minutes * SECONDS_OF_A_MINUTE
    with Bench(question, folder, tell) as bench:
        highest = bench.highest_of_defaults()
        tell(f"with the defaults the server takes {highest} calls at the same time")
        scores = search(question.cores, bench.look, lambda: time.monotonic() < deadline)
        confirmed = []
        for candidate in worth_confirming(scores):
            tell(f"confirming {candidate.name}")
            confirmed.append(bench.confirm(candidate))
        return Tuned(question, tuple(confirmed), tuple(scores), tuple(bench.rounds))


def _digest(version: Path) -> str | None:
    manifest = version / "manifest.json"
    return hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.exists() else None


def _commit() -> str:
    """Of this program's tree, marked where files were changed since; "unknown" where it is none."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        said = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return said.stdout.strip() or "unknown"
