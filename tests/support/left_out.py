"""Names of tests that are left out, and why: kept where tests are collected, said where the run is summed up.

With workers (pytest-xdist) these are different processes: each worker hands its names over when it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

_names: Final = pytest.StashKey[dict[str, list[str]]]()
_deselected: Final = pytest.StashKey[list[str]]()
_OF_WORKER: Final = "left_out"


@dataclass
class Deselected:
    """A test that a worker left out: enough of a `pytest.Item` to be counted in the closing line."""

    nodeid: str


class LeftOut:
    """What a run leaves out."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.names: dict[str, list[str]] = config.stash.setdefault(_names, {})
        self.deselected: list[str] = config.stash.setdefault(_deselected, [])

    def note(self, reason: str, names: Iterable[str]) -> None:
        """Keep names under a reason; every name is kept once."""
        kept = self.names.setdefault(reason, [])
        kept.extend(name for name in names if name not in kept)

    def hand_over(self) -> None:
        """In a worker: give everything to the process that started it. Elsewhere: nothing."""
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_OF_WORKER] = {"names": self.names, "deselected": self.deselected}

    def take_over(self, output: dict[str, object]) -> None:
        """Add what a worker handed over. Every worker collects every test, so the first one's count is everyone's."""
        found = output.get(_OF_WORKER)
        if not isinstance(found, dict):  # it crashed
            return
        for reason, names in found["names"].items():
            self.note(reason, names)
        if found["deselected"] and not self.deselected:
            self.deselected.extend(found["deselected"])
            self._config.hook.pytest_deselected(items=[Deselected(name) for name in self.deselected])

    def write(self, terminal: pytest.TerminalReporter) -> None:
        """A section for each reason."""
        for reason, names in sorted(self.names.items()):
            terminal.section(f"left out: {reason}", sep="-")
            for name in names:
                terminal.line(name)
