"""The page: a table of every bar, then a section for every raw file, then what is not measured."""

import html
import json
from collections.abc import Sequence
from pathlib import Path

from loadtests.report.page import STYLE, as_table
from tests.bench.results_page import costs, faults, gateway, load_tests
from tests.bench.results_page.section import Bar, Body, Result

KNOWN: tuple[Result, ...] = (*load_tests.RESULTS, *gateway.RESULTS, *costs.RESULTS, *faults.RESULTS)
INTRODUCTION = (
    "Made by <code>make results-page</code> from the raw files in this folder, and from nothing else; every figure is of the machine and "
    "the commit that stand beside it. Compare ratios within one file; figures of two machines are not comparable."
)
NOT_KEPT = "not kept in this file"
WORDS = {True: "met", False: "MISSED", None: "no verdict"}
MORE_STYLE = "body{max-width:900px}table{margin:.6rem 0 1rem}.met{color:#1a6334}.missed{color:#8f3a00;font-weight:700}code{font-size:.85em;overflow-wrap:anywhere}"


def make_page(folder: Path) -> str:
    """Everything that the raw files of a folder say, as one HTML page that needs nothing else."""
    contents = read_contents(folder)
    read = {result.file: (result, read_body(result, contents)) for result in KNOWN if result.file in contents}
    others = [name for name in contents if name not in read]
    absent = [result for result in KNOWN if result.file not in contents]
    bars = [(result, bar) for result, body in read.values() for bar in body.bars]
    body = [
        "<h1>What was measured</h1>",
        f"<p>{INTRODUCTION}</p>",
        f"<h2>Bars: {_count(bars, is_met=True)} met, {_count(bars, is_met=False)} missed, {_count(bars, is_met=None)} without a verdict</h2>",
        _table_of_bars(bars),
        *(_section(result, contents[name], of) for name, (result, of) in read.items()),
        "<h2>Other raw files</h2>",
        as_table([(name, *facts_of(contents[name])) for name in others], ("file", "date", "commit", "machine")),
        "<h2>Not measured</h2>",
        as_table([(result.file, result.title, result.command) for result in absent], ("file that is not there", "what it would say", "what measures it")),
    ]  # fmt: skip
    head = "<meta charset=utf-8><meta name=viewport content='width=device-width'><title>What was measured</title>"
    return f"<!doctype html><html lang=en><head>{head}<style>{STYLE}{MORE_STYLE}</style></head><body>{''.join(body)}</body></html>\n"


def read_contents(folder: Path) -> dict[str, dict]:
    """The raw files by name; one that is a list stands under "rows"."""
    contents = {}
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text())
        contents[path.name] = content if isinstance(content, dict) else {"rows": content}
    return contents


def read_body(result: Result, contents: dict[str, dict]) -> Body:
    """What a file comes to; one that was written in another shape says so, and has no verdict."""
    try:
        return result.read(contents[result.file], contents)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        says = f"This file has another shape than this page knows ({type(error).__name__}: {error}); its figures are in it."
        return Body([says], [Bar("a file of another shape", "its bars", None)])


def facts_of(content: dict) -> tuple[str, str, str]:
    """Date, commit and machine, each as the file says it; the machine may stand in the question that was asked of it."""
    machine = content.get("machine") or content.get("question", {}).get("machine", {})
    at = content.get("at") or content.get("ended") or NOT_KEPT
    features = machine.get("features", [])
    words = [
        str(machine.get("cpu", "")),
        f"{machine.get('cores') or content.get('cores')} cores",
        features if isinstance(features, str) else " ".join(features),
    ]
    load = f"load before {machine['load_before']:.1f}" if "load_before" in machine else ""
    where = ", ".join(word for word in (*words, load) if word and not word.startswith("None"))
    return str(at), str(content.get("commit") or NOT_KEPT), where or NOT_KEPT


def _count(bars: Sequence[tuple[Result, Bar]], *, is_met: bool | None) -> int:
    return sum(bar.is_met is is_met for _, bar in bars)


def _table_of_bars(bars: Sequence[tuple[Result, Bar]]) -> str:
    lines = "".join(
        f'<tr><td><a href="#{_anchor(result)}">{html.escape(result.title)}</a></td><td>{html.escape(bar.says)}</td>'
        f"<td>{html.escape(bar.bar)}</td>{_word(bar)}</tr>"
        for result, bar in bars
    )
    head = "".join(f"<th scope=col>{cell}</th>" for cell in ("of", "measured", "bar", ""))
    return f"<table><tr>{head}</tr>{lines}</table>"


def _section(result: Result, content: dict, body: Body) -> str:
    at, commit, machine = facts_of(content)
    facts = f"{at}, commit {commit}, {machine}"
    bars = "".join(
        f"<tr><td>{html.escape(bar.says)}</td><td>{html.escape(bar.bar)}</td>{_word(bar)}</tr>" for bar in body.bars
    )
    parts = [
        f'<h2 id="{_anchor(result)}">{html.escape(result.title)}</h2>',
        f'<p><a href="{result.file}">{result.file}</a>: {html.escape(facts)}. <code>{html.escape(result.command)}</code></p>',
        *(f"<p>{html.escape(paragraph)}</p>" for paragraph in body.paragraphs),
        f"<table>{bars}</table>" if bars else "",
        as_table(body.rows, body.head) if body.rows else "",
        *body.plots,
    ]
    return "".join(parts)


def _word(bar: Bar) -> str:
    style = {True: "met", False: "missed", None: ""}[bar.is_met]
    return f'<td class="{style}">{WORDS[bar.is_met]}</td>'


def _anchor(result: Result) -> str:
    return result.file.removesuffix(".json")
