"""What a run is held to: `monitoring/slo.yaml`, read as a file, or objectives that the command line names.

The file is JSON, which is YAML too; it says so itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadtests.errors import ObjectivesUnusable

SCHEMA: Final = "symmetra.slo/1"
SLO_FILE: Final = Path(__file__).resolve().parents[2] / "monitoring" / "slo.yaml"
_WORD: Final = re.compile(r"p(?P<percent>\d{1,2}(?:\.\d+)?)=(?P<value>\d+(?:\.\d+)?)(?P<unit>ms|s)")


@dataclass(frozen=True, slots=True)
class LatencyObjective:
    """So many of the photos within so long.

    Attributes:
        name: "usual" or "slowest" of the file, or "p95" of a command line.
        share: 0 to 1.
        within_seconds: From the moment at which a request was meant to start, which is stricter than the gateway's own stage.
    """

    name: str
    share: float
    within_seconds: float

    @property
    def words(self) -> str:
        """As a person says it."""
        return f"p{100 * self.share:g} <= {1000 * self.within_seconds:g} ms"


@dataclass(frozen=True, slots=True)
class Objectives:
    """Of a site.

    Attributes:
        availability: Share of the requests that must end as they should.
        latency: All must hold.
        wrong_answers: At most so many; a golden answer may never be wrong, and a photo of a pack is one.
        source: Where they come from.
    """

    availability: float
    latency: tuple[LatencyObjective, ...]
    wrong_answers: int
    source: str


def read_objectives(path: Path = SLO_FILE) -> Objectives:
    """Read the file of a site.

    Raises:
        ObjectivesUnusable: It is none, or says other things.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        if content["schema"] != SCHEMA:
            message = f"it is of the schema {content['schema']}, not {SCHEMA}"
            raise ValueError(message)
        latency = tuple(
            LatencyObjective(name, float(each["objective"]), float(each["within_seconds"]))
            for name, each in content["latency"]["objectives"].items()
        )
        return Objectives(
            float(content["availability"]["objective"]),
            latency,
            int(content["correctness"]["golden_mismatches"]),
            path.name,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} holds no objectives that can be read: {error}"
        raise ObjectivesUnusable(message) from error


def with_latency(objectives: Objectives, words: Sequence[str]) -> Objectives:
    """The same with the latency that a command line asks for, where it asks for any; as in `p95=250ms`.

    Raises:
        ObjectivesUnusable: A word says no objective.
    """
    if not words:
        return objectives
    latency = tuple(map(parse_latency, words))
    return Objectives(
        objectives.availability, latency, objectives.wrong_answers, f"{objectives.source} and the command line"
    )


def parse_latency(word: str) -> LatencyObjective:
    """One objective, as in `p95=250ms` or `p99=1.5s`.

    Raises:
        ObjectivesUnusable: It says none.
    """
    found = _WORD.fullmatch(word)
    if not found or not float(found["percent"]) or not float(found["value"]):
        message = f"{word!r} is no objective of latency; say it as in p95=250ms or p99=1.5s"
        raise ObjectivesUnusable(message)
    seconds = float(found["value"]) / (1000 if found["unit"] == "ms" else 1)
    return LatencyObjective(f"p{found['percent']}", float(found["percent"]) / 100, seconds)
