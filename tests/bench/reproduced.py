"""Do two runs of a benchmark show the same: `python -m tests.bench.reproduced A.json B.json`.

Every ratio that both runs have is computed anew from their raw rounds and held against the noise floor that each run measured itself
(`tests.bench.ratios`). Exits with 0 where all are within it, 4 where one is not, 1 where the two cannot be compared: on
another machine, of another workload, or with too few rounds to know the floor.
"""

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.bench.ratios import MIN_ROUNDS, Ratio, ratios_of

REPRODUCED, NOT_COMPARABLE, DIFFERS = 0, 1, 4
SAME_MACHINE = ("cpu", "cores", "features", "python")


class NotComparableError(Exception):
    """Two results of which a comparison would say nothing; the message is a sentence."""


@dataclass(frozen=True)
class Repeated:
    """One ratio in two runs.

    Attributes:
        name: Of the ratio.
        medians: Of each run.
        floors: Of each run, as factors: 1.1 is ten per cent.
        apart: The factor between the medians, at least 1.
        floor: Up to which factor the medians may be apart and show nothing.
    """

    name: str
    medians: tuple[float, float]
    floors: tuple[float, float]
    apart: float
    floor: float

    @property
    def is_reproduced(self) -> bool:
        """Whether the difference is one that these rounds cannot show."""
        return self.apart <= self.floor


def compare(first: dict, second: dict) -> tuple[Repeated, ...]:
    """Hold the ratios of two results against each other.

    Raises:
        NotComparableError: They are of different machines, benchmarks or workloads, or too short.
    """
    require_comparable(first, second)
    mine, other = (_ratios_anew(result) for result in (first, second))
    return tuple(_repeat(name, mine[name], other[name]) for name in mine)


def require_comparable(first: dict, second: dict) -> None:
    """Refuse what would say nothing.

    Raises:
        NotComparableError: Why.
    """
    for what in ("schema", "workload"):
        if first.get(what) != second.get(what):
            message = f"the two results differ in their {what}: {first.get(what)} and {second.get(what)}"
            raise NotComparableError(message)
    for fact in SAME_MACHINE:
        if first["machine"].get(fact) != second["machine"].get(fact):
            message = f"the machines differ in {fact}: {first['machine'].get(fact)} and {second['machine'].get(fact)}"
            raise NotComparableError(message)
    # Not their digests: every run builds its versions anew, with other weights that take as long.
    for name in sorted(first.get("models", {}).keys() | second.get("models", {}).keys()):
        mine, other = (_network_of(result, name) for result in (first, second))
        if mine != other:
            message = f"other models answered in {name}: {mine} and {other}"
            raise NotComparableError(message)
    if first["at"] == second["at"]:
        message = "both results are of the same run"
        raise NotComparableError(message)
    if first["ratios"].keys() != second["ratios"].keys():
        message = "the two results have different ratios"
        raise NotComparableError(message)
    fewest = min(len(row["rounds"]) for result in (first, second) for row in result["systems"].values())
    if fewest < MIN_ROUNDS:
        message = f"{fewest} rounds do not tell how far a median can be off; {MIN_ROUNDS} are needed"
        raise NotComparableError(message)


def _network_of(result: dict, system: str) -> str:
    model = result.get("models", {}).get(system)
    return "none" if model is None else f"{model.get('architecture')} with crop {model.get('crop')}"


def _ratios_anew(result: dict) -> dict[str, dict]:
    wanted = [Ratio(name, *row["of"], row["bar"]) for name, row in result["ratios"].items()]
    return ratios_of(result["systems"], wanted)


def _repeat(name: str, mine: dict, other: dict) -> Repeated:
    return Repeated(
        name,
        (mine["median"], other["median"]),
        (math.exp(mine["floor"]), math.exp(other["floor"])),
        math.exp(abs(math.log(mine["median"] / other["median"]))),
        math.exp(math.hypot(mine["floor"], other["floor"])),
    )


def describe(rows: tuple[Repeated, ...]) -> str:
    """A table for a person, Markdown."""
    lines = [
        "| ratio | first, its floor | second, its floor | apart | floor of both | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        runs = " | ".join(
            f"{median:.2f}, {floor - 1:.1%}" for median, floor in zip(row.medians, row.floors, strict=True)
        )
        word = "reproduced" if row.is_reproduced else "DIFFERS"
        lines.append(f"| {row.name} | {runs} | {row.apart - 1:.1%} | {row.floor - 1:.1%} | {word} |")
    return "\n".join(lines) + "\n"


def compare_files(first: Path, second: Path, out: TextIO) -> int:
    """Compare two kept results and say so; the exit code."""
    try:
        rows = compare(json.loads(first.read_text()), json.loads(second.read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        out.write(f"{first} and {second} are no two results of one benchmark: {error!r}\n")
        return NOT_COMPARABLE
    except NotComparableError as error:
        out.write(f"{error}\n")
        return NOT_COMPARABLE
    out.write(describe(rows))
    return REPRODUCED if all(row.is_reproduced for row in rows) else DIFFERS


def main() -> int:
    """Compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reproduced", description=__doc__)
    parser.add_argument("first", type=Path, metavar="A.json")
    parser.add_argument("second", type=Path, metavar="B.json")
    arguments = parser.parse_args()
    return compare_files(arguments.first, arguments.second, sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
