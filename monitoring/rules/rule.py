"""Recording rules and alerts as dataclasses, and the rule file that Prometheus reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Severity: TypeAlias = Literal["page", "ticket", "clinical_lead"]
"""Who is told: whoever is on call at once; whoever looks at tickets; the clinical lead."""
RUNBOOK: Final = "monitoring/RUNBOOK.md"
KEPT_SECONDS: Final = 300
"""Of an alert that reads a gauge: some scrapes that fail do not end it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One recording rule."""

    name: str
    expression: str

    def lines(self) -> Iterator[str]:
        """The rule as YAML."""
        yield f"- record: {self.name}"
        yield from _expression(self.expression)


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Attributes:
        name: In CamelCase; also its heading in the runbook.
        severity: Who is told.
        expression: True while it should be told.
        waits: Duration for which it must be true first; "0s" for none.
        summary: One line: what happens to patients, or to whom else.
        description: What is known, with figures.
        keeps: Duration for which it goes on when it is true no more; "0s" for none. For what is read from one gauge: a single scrape
            that fails must not end it, and tell it anew.
    """

    name: str
    severity: Severity
    expression: str
    waits: str
    summary: str
    description: str
    keeps: str = "0s"

    @property
    def runbook(self) -> str:
        """Where to look what to do."""
        return f"{RUNBOOK}#{self.name.lower()}"

    def lines(self) -> Iterator[str]:
        """The rule as YAML."""
        yield f"- alert: {self.name}"
        yield from _expression(self.expression)
        if self.waits != "0s":
            yield f"  for: {self.waits}"
        if self.keeps != "0s":
            yield f"  keep_firing_for: {self.keeps}"
        yield "  labels:"
        yield f"    severity: {self.severity}"
        yield "  annotations:"
        for name, text in (("summary", self.summary), ("description", self.description), ("runbook_url", self.runbook)):
            yield f"    {name}: {json.dumps(text, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together, one after another."""

    name: str
    interval: str
    rules: Sequence[Record | Alert] = field(default=())

    def lines(self) -> Iterator[str]:
        """The group as YAML."""
        yield f"- name: {self.name}"
        yield f"  interval: {self.interval}"
        yield "  rules:"
        for rule in self.rules:
            yield from (f"  {line}" for line in rule.lines())


def rule_file(groups: Sequence[Group]) -> str:
    """A whole rule file. Its text depends on nothing but the groups, so that it can be compared with the committed one."""
    lines = [
        "# Written by `python -m monitoring write-rules` from monitoring/slo.yaml. Change those, never this file.",
        "groups:",
    ]
    lines += [line for group in groups for line in group.lines()]
    return "\n".join(lines) + "\n"


def _expression(text: str) -> Iterator[str]:
    yield "  expr: |-"
    yield from (f"    {line}" for line in text.strip().splitlines())
