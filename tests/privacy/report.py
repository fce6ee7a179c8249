"""What a proof found, what it searched, and what its result rests on."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Final

from tests.privacy.encodings import BINARY_FORMS, TEXT_FORMS

GREEN: Final = 0
RED: Final = 1
PARTIAL: Final = 3
NAMES: Final = {GREEN: "green", RED: "RED", PARTIAL: "partial"}
LEAKS_SHOWN: Final = 50
FORMS: Final = (
    f"Words in these forms: {'; '.join(TEXT_FORMS)}. Pieces of photos, of their pixels and of their crops: "
    f"{'; '.join(BINARY_FORMS)}. gzip and zlib are opened; whole pictures are looked for by themselves."
)


@dataclass
class Report:
    """One result.

    Attributes:
        leaks: A line each.
        left_out: What could not be looked at here, by name.
        proven: Statements without which a green result would mean nothing, and whether each held.
        sent: Requests by scene and status.
        searched: Files and bytes by kind of place.
        markers: How many words were looked for.
        photos: How many photos were sent.
        needles: How many byte strings that makes, in all their forms.
        rows: Rows searched, by table.
        syscalls: How often each call was seen.
        writes: Paths that were written, and why they may be.
        has_all: Whether all scenes ran.
        seconds: How long it took.
    """

    leaks: list[str]
    left_out: list[str]
    proven: dict[str, bool]
    sent: dict[str, int]
    searched: dict[str, dict[str, int]]
    markers: int
    photos: int
    needles: int
    rows: dict[str, int]
    syscalls: dict[str, int]
    writes: dict[str, str]
    has_all: bool
    seconds: float = 0.0

    @property
    def code(self) -> int:
        """Exit code: a leak, or a statement that does not hold, is red; what could not be looked at makes green partial."""
        if self.leaks or not all(self.proven.values()):
            return RED
        return PARTIAL if self.left_out or not self.has_all else GREEN

    def as_json(self) -> str:
        """For programs."""
        facts = {
            "result": NAMES[self.code],
            **dataclasses.asdict(self),
            "forms": {"words": TEXT_FORMS, "photos": BINARY_FORMS},
        }
        return json.dumps(facts, indent=1) + "\n"

    def as_text(self) -> str:
        """For people."""
        lines = [f"# Privacy proof: {NAMES[self.code]}", ""]
        lines += self._leak_lines()
        if self.left_out:
            lines += ["Not looked at here:", "", *(f"- {each}" for each in self.left_out), ""]
        lines += [
            self._summary(),
            "",
            "| searched | files and streams | bytes |",
            "| --- | ---: | ---: |",
            *(f"| {kind} | {found['files']} | {found['bytes']:,} |" for kind, found in self.searched.items()),
            "",
            FORMS,
            "",
            "| what the result rests on | holds |",
            "| --- | --- |",
            *(f"| {statement} | {'yes' if holds else 'NO'} |" for statement, holds in self.proven.items()),
            "",
            "| path that was written | why it may be |",
            "| --- | --- |",
            *(f"| `{path}` | {reason} |" for path, reason in self.writes.items()),
            "",
            "| system call | seen |",
            "| --- | ---: |",
            *(f"| {name} | {count} |" for name, count in sorted(self.syscalls.items())),
            "",
            "| requests | how many |",
            "| --- | ---: |",
            *(f"| {name} | {count} |" for name, count in sorted(self.sent.items())),
            "",
        ]
        if self.rows:
            rows = ", ".join(f"{table} {count}" for table, count in sorted(self.rows.items()))
            lines += [f"Rows searched: {rows}.", ""]
        return "\n".join(lines)

    def _summary(self) -> str:
        requests = sum(self.sent.values())
        return (
            f"{self.photos} photos with {self.markers} markers were sent in {requests} requests; looked for as "
            f"{self.needles} byte strings; {self.seconds:.0f} s."
        )

    def _leak_lines(self) -> list[str]:
        if not self.leaks:
            return ["No marker and no piece of a photo was found where it must not be.", ""]
        shown = [f"- {each}" for each in self.leaks[:LEAKS_SHOWN]]
        more = [f"- and {len(self.leaks) - LEAKS_SHOWN} more"] if len(self.leaks) > LEAKS_SHOWN else []
        return [f"{len(self.leaks)} finds:", "", *shown, *more, ""]
