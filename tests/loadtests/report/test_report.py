"""The reports of a verdict, through the command: text, JSON, JUnit XML and a page that needs nothing else."""

import dataclasses
import io
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from loadtests.__main__ import run as loadtests
from loadtests.report.plots import Line, draw_lines
from loadtests.run.format import FinishedRun, write_run
from tests.support.finished_runs import made_up_run

LEGEND_Y = "26"


def report(folder: Path, finished: FinishedRun, *words: str) -> tuple[int, str, str]:
    write_run(folder, finished)
    out, err = io.StringIO(), io.StringIO()
    return loadtests(["report", str(folder), *words], {}, out, err), out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("finished", "words", "code", "word"),
    [
        (made_up_run(), [], 0, "MET"),
        (made_up_run(), ["--slo", "p95=100ms"], 4, "MISSED"),
        (made_up_run(invalid="late_starts"), [], 3, "INVALID"),
    ],
)
def test_every_report_says_the_same_verdict(
    tmp_path: Path, finished: FinishedRun, words: list[str], code: int, word: str
) -> None:
    assert report(tmp_path, finished, *words)[:1] == (code,)
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    page = (tmp_path / "report.html").read_text()
    assert (verdict["verdict"], verdict["exit_code"]) == (word, code)
    assert f'<p class="word {word}">{word}</p>' in page


def test_junit_fails_what_is_missed_and_skips_what_an_invalid_run_cannot_say(tmp_path: Path) -> None:
    report(tmp_path / "missed", made_up_run(outcomes={"answered": 300, "shed": 100}), "--slo", "p95=100ms")
    suite = ET.parse(tmp_path / "missed/junit.xml").getroot()  # noqa: S314 - written by the code that is tested
    failed = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("6", "2", "0")
    assert failed == {"latency: p95 <= 100 ms", "errors: photo"}
    report(tmp_path / "invalid", made_up_run(invalid="late_starts"), "--slo", "p95=100ms")
    suite = ET.parse(tmp_path / "invalid/junit.xml").getroot()  # noqa: S314 - as above
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "1", "5")


def test_the_page_loads_nothing_and_lets_no_word_of_a_run_become_markup(tmp_path: Path) -> None:
    report(tmp_path, made_up_run(invalid="late_starts"))
    page = (tmp_path / "report.html").read_text()
    seen: list[tuple[str, dict[str, str | None]]] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attrs)))

    Tags().feed(page)
    assert not {tag for tag, _ in seen} & {"script", "link", "img", "iframe", "object", "not"}
    assert not [name for _, attributes in seen for name in attributes if name in ("src", "href", "onload")]
    assert "url(" not in page
    assert "It was &lt;not&gt; as it should be." in page
    assert sum(tag == "svg" for tag, _ in seen) == 7


def test_no_point_of_a_plot_lies_outside_it(tmp_path: Path) -> None:
    report(tmp_path, made_up_run())
    page = (tmp_path / "report.html").read_text()
    points = [
        tuple(map(float, pair.split(","))) for line in re.findall(r'points="([^"]*)"', page) for pair in line.split()
    ]
    drawn = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill', page)
    bars = [(float(y), float(height)) for _, y, height in drawn if y != LEGEND_Y]
    assert len(points) > 100
    assert all(64 <= x <= 704 and 52 <= y <= 236 for x, y in points)
    assert all(y >= 52 and y + height <= 236.2 for y, height in bars)


def test_the_gateways_share_is_a_row_where_the_model_server_was_asked_directly_too(tmp_path: Path) -> None:
    run = made_up_run(latencies=[0.1, 0.2, 0.3])
    direct = made_up_run(latencies=[0.02, 0.05, 0.08]).latency["photo"]
    report(tmp_path / "both", dataclasses.replace(run, latency=run.latency | {"direct": direct}))
    page = (tmp_path / "both/report.html").read_text()
    assert "<h2>The gateway's share</h2>" in page
    assert "<td>mean</td><td>200.0</td><td>50.0</td><td>150.0</td><td>75%</td>" in page
    assert json.loads((tmp_path / "both/verdict.json").read_text())["gateway_share"][0]["measure"] == "mean"
    report(tmp_path / "photos", run)
    assert "The gateway's share" not in (tmp_path / "photos/report.html").read_text()


def test_a_percentile_that_only_the_slowest_request_reaches_is_not_called_one(tmp_path: Path) -> None:
    report(tmp_path, made_up_run(latencies=np.linspace(0.1, 0.2, 400)))
    cells = re.findall(r"<td>photo</td><td>400</td>(.*?)</tr>", (tmp_path / "report.html").read_text())[0]
    values = re.findall(r"<td>(.*?)</td>", cells)
    assert values[-2:] == ["as max", "200.1"]
    assert "as max" not in values[:-2]


@pytest.mark.parametrize(("first", "last"), [(0, 21), (0, 19), (19.6, 178.0), (0, 0.4), (0, 3600)])
def test_every_number_of_an_axis_stands_where_it_says(first: float, last: float) -> None:
    drawn = draw_lines("title", "second", "per second", [Line("one", [(first, 1.0), (last, 1.0)])])
    labels = re.findall(r'<text x="([\d.]+)" y="254" text-anchor="middle">([\d.]+)</text>', drawn)
    assert 3 <= len(labels) <= 8
    for x, label in labels:
        assert float(x) == pytest.approx(64 + 640 * (float(label) - first) / (last - first), abs=0.06)


def test_what_is_no_run_and_what_is_no_objective_are_said_in_a_sentence(tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert loadtests(["report", str(tmp_path)], {}, out, err) == 1
    assert "holds no finished run" in err.getvalue()
    code, _, said = report(tmp_path, made_up_run(), "--slo", "fast")
    assert (code, said.count("\n")) == (1, 1)
    assert "p95=250ms" in said
