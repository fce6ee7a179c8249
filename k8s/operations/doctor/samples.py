"""Samples of a metrics page, by name: enough of Prometheus' text format to read what our programs and the model server write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SAMPLE: Final = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+)?")
_LABEL: Final = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Sample:
    """One line: name, labels, value."""

    name: str
    labels: dict[str, str]
    value: float


def samples(page: str, name: str = "") -> Iterator[Sample]:
    """Those of one name, or all."""
    for line in page.splitlines():
        found = None if line.startswith("#") else _SAMPLE.fullmatch(line.strip())
        if found and name in {"", found[1]}:
            yield Sample(found[1], dict(_LABEL.findall(found[2] or "")), float(found[3]))


def total(page: str, name: str, **labels: str) -> float:
    """Sum of the samples of one name with these labels; 0 where there is none."""
    return sum(sample.value for sample in samples(page, name) if labels.items() <= sample.labels.items())
