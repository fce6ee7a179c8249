"""`python -m loadtests scenario`: start the whole system on this machine, have something happen, and judge which alerts were told.

`run` knows no target: it starts a system of its own on 127.0.0.1, sends drawn faces as patients' photos, because alerts count no others, and
stops everything at its end. `check` reads scenarios and runs nothing; `list` says which are committed, and what may happen in one.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from loadtests.errors import LoadTestError, ScenarioFailed, ScenarioUnusable
from loadtests.scenarios.alerts import read_known
from loadtests.scenarios.folder import require_replaceable
from loadtests.scenarios.kinds import KINDS
from loadtests.scenarios.preparing import prepare
from loadtests.scenarios.reading import FASTEST, committed_scenarios, read_scenario
from loadtests.scenarios.report import as_json, as_junit, code_of, describe
from loadtests.scenarios.running import Outcome, run_scenario
from loadtests.scenarios.scenario import Scenario
from loadtests.scenarios.timeline import draw_timeline
from serving.contract.errors import ContractError
from serving.local.demo import DemoStepFailed
from serving.local.processes import ProcessFailed
from serving.local.stack import Interpreters
from serving.repository import RepositoryError

FAILED: Final = 2
"""No verdict: a scenario cannot be read, or the system did not come up."""
STOPPED: Final = 130
"""By Ctrl-C, as shells say it."""
DEFAULT_FOLDER: Final = Path(".run/scenarios")
RESULT_FILE, TIMELINE_FILE, JUNIT_FILE = "result.json", "timeline.svg", "junit.xml"


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - as all commands
    """Do what is asked: 0 where all is as expected, 1 where not, 3 where this machine was too busy to say, 2 where nothing was run."""
    options = _parse(arguments)
    try:
        if options.order == "list":
            return _list(out)
        scenarios = _read(options.files)
        if options.order == "check":
            out.writelines(
                f"{each.name}: can be run; it changes {_changes(each)}, and expects {_expects(each)}\n"
                for each in scenarios
            )
            return 0
        return _run(options, scenarios, out)
    except (LoadTestError, DemoStepFailed, ProcessFailed, RepositoryError, ContractError, OSError) as error:
        err.write(f"{error}\n")
        return FAILED
    except KeyboardInterrupt:
        err.write("stopped; everything that was started has ended\n")
        return STOPPED


def write_reports(folder: Path, outcome: Outcome) -> None:
    """Write result and picture of one scenario into its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT_FILE).write_text(json.dumps(as_json(outcome), indent=1) + "\n")
    (folder / TIMELINE_FILE).write_text(draw_timeline(outcome))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loadtests scenario", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    orders = parser.add_subparsers(dest="order", required=True, metavar="ORDER")
    orders.add_parser("list", help="the committed scenarios, and what may happen in one")
    check = orders.add_parser("check", help="read scenarios and say what is wrong in them")
    running = orders.add_parser("run", help="run scenarios, one after the other")
    for order in (check, running):
        order.add_argument("files", nargs="*", type=Path, metavar="FILE", help="YAML (default: all that are committed)")
    running.add_argument(
        "--folder", type=Path, default=DEFAULT_FOLDER, help="for what runs and for the reports (default: %(default)s)"
    )
    running.add_argument(
        "--demo",
        type=Path,
        default=Path(".run/demo"),
        help="the demo's folder, whose version and faces are used, or made (default: %(default)s)",
    )
    running.add_argument("--environments", type=Path, default=Path(".venv"), help="one Python environment per extra")
    running.add_argument(
        "--times-faster",
        type=float,
        metavar="N",
        help=f"instead of the scenario's own, 1 to {FASTEST:g}; a busy machine wants less",
    )
    options = parser.parse_args(arguments)
    if options.order == "run" and options.times_faster is not None and not 1 <= options.times_faster <= FASTEST:
        running.error(f"--times-faster is {options.times_faster:g}; give a number from 1 to {FASTEST:g}")
    return options


def _list(out: TextIO) -> int:
    out.writelines(
        f"{scenario.name}\n    {scenario.about}\n    expects {_expects(scenario)}\n" for scenario in _read([])
    )
    out.write("\nwhat may happen in a scenario:\n")
    out.writelines(f"  {name} ({kind.group}): {kind.says}\n" for name, kind in KINDS.items())
    return 0


def _read(files: Sequence[Path]) -> list[Scenario]:
    known = read_known()
    scenarios, mistakes = [], []
    for path in files or committed_scenarios():
        try:
            scenarios.append(read_scenario(path, known))
        except ScenarioUnusable as error:
            mistakes.append(str(error))
    if mistakes:
        raise ScenarioUnusable("\n".join(mistakes))
    return scenarios


def _run(options: argparse.Namespace, scenarios: Sequence[Scenario], out: TextIO) -> int:
    names = Counter(each.name for each in scenarios)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        message = f"two files are called {twice[0]}.yaml, and their results would replace each other; run them one after the other, with another --folder"
        raise ScenarioUnusable(message)
    for name in names:
        require_replaceable(options.folder / name)
    python = Interpreters.of_environments(options.environments)
    prepared = prepare(options.demo, python)
    outcomes: list[Outcome] = []

    def tell(line: str) -> None:
        out.write(f"    {line}\n")
        out.flush()

    for each in scenarios:
        scenario = (
            each if options.times_faster is None else dataclasses.replace(each, times_faster=options.times_faster)
        )
        tell(f"{scenario.name}, {scenario.times_faster:g} times faster than at a site")
        folder = options.folder / scenario.name
        try:
            outcome = run_scenario(scenario, folder, prepared, python, tell)
        except (ProcessFailed, RepositoryError) as error:
            message = f"{scenario.name}: {error}"
            raise ScenarioFailed(message) from error
        outcomes.append(outcome)
        write_reports(folder, outcome)
        (options.folder / JUNIT_FILE).write_text(as_junit(outcomes))
        out.write(f"{describe(outcome)}  {folder / TIMELINE_FILE}\n")
    return code_of(outcomes)


def _changes(scenario: Scenario) -> str:
    return ", ".join(f"{change.kind} at minute {change.at_minute:g}" for change in scenario.changes)


def _expects(scenario: Scenario) -> str:
    return (
        ", ".join(f"{each.words} within {each.within_minutes:g} minutes" for each in scenario.expect)
        or "that nobody is told anything"
    )
