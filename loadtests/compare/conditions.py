"""When runs are of the same thing, so that a difference between them says something about the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from loadtests.errors import BaselineUnusable
from loadtests.run.format import FinishedRun

CONDITIONS: Final = ("model_version", "photo_mix", "users", "arrivals", "traffic_class", "replicas", "machine")
ASK: Final = "make both with the same, or say --across {name} if this difference is what the comparison is about"


def conditions_of(run: FinishedRun) -> dict[str, Any]:
    """What runs must have in common, by the names of `CONDITIONS`."""
    summary = run.summary
    return {
        "model_version": summary.model_version,
        "photo_mix": None if summary.pack is None else summary.pack["digest"],
        "users": {name: round(share, 6) for name, share in sorted(summary.mix.items())},
        "arrivals": summary.arrivals,
        "traffic_class": summary.traffic_class,
        "replicas": len(run.target.replicas),
        "machine": summary.machine,
    }


def require_same(runs: Sequence[FinishedRun], across: Sequence[str] = ()) -> None:
    """Refuse runs of different things.

    Args:
        runs: Two at least, to be held against each other.
        across: Conditions in which they may differ.

    Raises:
        BaselineUnusable: They differ in another condition, or one does not say on which machine it was made.
    """
    first = conditions_of(runs[0])
    for run in runs:
        theirs = conditions_of(run)
        if theirs["machine"] is None and "machine" not in across:
            message = f"the run of {run.summary.started} does not say on which machine it was made; make it again"
            raise BaselineUnusable(message)
        for name in CONDITIONS:
            if name not in across and theirs[name] != first[name]:
                message = (
                    f"the runs of {runs[0].summary.started} and {run.summary.started} differ in {name}: {_word(first[name])} and "
                    f"{_word(theirs[name])}; {ASK.format(name=name)}"
                )
                raise BaselineUnusable(message)


def _word(value: object) -> str:
    """Of a condition, short enough for a sentence."""
    if isinstance(value, dict) and "points" in value:
        return f"{value['kind']} of {value['mean_rate']:g} per second over {value['seconds']:g} s, seed {value['seed']}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return "none" if value is None else str(value)[:12]
