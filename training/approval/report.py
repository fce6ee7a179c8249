"""An approval or a refusal for people: Markdown beside `approvals/<n>.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.approval.figures import CANDIDATE, CHAMPION, FIGURES, GAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from training.approval.rules import Finding


def write_report(title: str, said: Mapping[str, str], findings: Sequence[Finding], evidence: Mapping[str, Any]) -> str:
    """Markdown.

    Args:
        title: The decision in one line.
        said: Who, why and the like, by the word before it.
        findings: Every rule.
        evidence: As it stands in the JSON: "comparison" and "caveats".
    """
    comparison = evidence["comparison"]
    lines = [
        f"# {title}",
        "",
        *(f"* **{name}:** {_cell(text)}" for name, text in said.items()),
        "",
        f"Hold-out: {comparison['photos']} photos of {comparison['subjects']} subjects, asked through the model server.",
        "",
        "## Rules",
        "",
        "| verdict | rule | measured | limit |",
        "| --- | --- | --- | --- |",
        *(
            f"| {finding.verdict} | {_cell(finding.rule)} | {_cell(finding.measured)} | {_cell(finding.limit)} |"
            for finding in findings
        ),
        "",
        "## Figures (95 % intervals, subjects resampled)",
        "",
        *_table("all photos", comparison["photos"], comparison["figures"]),
    ]
    for group in comparison["subgroups"]:
        name = f"{group['column']}: {group['value']}"
        if group["figures"] is None:
            lines += [f"**{_cell(name)}**: {group['photos']} photos, insufficient.", ""]
        else:
            lines += _table(name, group["photos"], group["figures"])
    lines += ["## What to bear in mind", "", *(f"* {caveat}" for caveat in evidence["caveats"]), ""]
    return "\n".join(lines)


def _table(name: str, photos: int, figures: Mapping[str, Any]) -> Iterator[str]:
    sides = [side for side in (CANDIDATE, CHAMPION, GAIN) if side in figures]
    yield f"| {_cell(name)} ({photos} photos) | " + " | ".join(sides) + " |"
    yield "| --- |" + " --- |" * len(sides)
    for figure in FIGURES:
        yield (
            f"| {figure} | " + " | ".join(_figure(figures[side][figure], signed=side == GAIN) for side in sides) + " |"
        )
    yield ""


def _figure(figure: Mapping[str, Any], *, signed: bool) -> str:
    value, (low, high) = figure["value"], figure["interval_95"]
    if value is None or low is None or high is None:
        return "undefined"
    form = "+.3f" if signed else ".3f"
    return f"{value:{form}} ({low:{form}} to {high:{form}})"


def _cell(text: str) -> str:
    """Texts of a manifest or a command line must not become table cells or markup of their own."""
    return " ".join(str(text).split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
