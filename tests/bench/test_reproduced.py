"""Whether two runs of a benchmark show the same, on results whose rounds a test chose."""

import io
import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.bench.ratios import Ratio, floor_of, ranks_outside, ratios_of
from tests.bench.reproduced import DIFFERS, NOT_COMPARABLE, REPRODUCED, compare, compare_files

STEADY = (100.0, 101.0, 99.0, 102.0, 98.0)
RATIO = Ratio("ours / theirs", "ours", "theirs", 1.5)


def result(ours: tuple[float, ...], at: str = "2026-11-28T10:00:00+00:00", **changed: object) -> dict:
    """A kept run: what answered so many photos a second in each round, beside a system that answered 50."""
    systems = {
        name: {"rounds": [{"answered": rate * 10, "seconds": 10.0} for rate in rates]}
        for name, rates in (("ours", ours), ("theirs", (50.0,) * len(ours)))
    }
    return {
        "schema": "symmetra.bench.peers/1",
        "at": at,
        "machine": {"cpu": "one", "cores": 2, "features": ["avx2"], "python": "3.11.7"},
        "workload": {"type": "closed loop", "clients": 32},
        "systems": systems,
        "ratios": ratios_of(systems, [RATIO]),
    } | changed


def said_of(tmp_path: Path, first: dict, second: dict) -> tuple[int, str]:
    paths = (tmp_path / "first.json", tmp_path / "second.json")
    for path, content in zip(paths, (first, second), strict=True):
        path.write_text(json.dumps(content))
    out = io.StringIO()
    return compare_files(*paths, out), out.getvalue()


def later(ours: tuple[float, ...], **changed: object) -> dict:
    return result(ours, "2026-11-28T11:00:00+00:00", **changed)


def test_rounds_that_lie_among_each_other_are_reproduced(tmp_path: Path) -> None:
    code, said = said_of(tmp_path, result(STEADY), later((101.0, 100.5, 99.0, 103.0, 98.0)))
    assert code == REPRODUCED
    assert "| reproduced |" in said


def test_a_difference_beyond_the_floor_is_told_with_its_figures(tmp_path: Path) -> None:
    code, said = said_of(tmp_path, result(STEADY), later(tuple(0.9 * rate for rate in STEADY)))
    assert code == DIFFERS
    assert "| ours / theirs | 2.00, 2.0% | 1.80, 2.0% | 11.1% | 2.9% | DIFFERS |" in said


def test_the_same_difference_is_none_where_the_rounds_were_noisy() -> None:
    noisy = (100.0, 125.0, 80.0, 110.0, 90.0)
    (row,) = compare(result(noisy), later(tuple(0.9 * rate for rate in noisy)))
    assert row.is_reproduced
    assert row.floor > 1.3


def test_ratios_are_computed_from_the_rounds_and_not_believed() -> None:
    forged = later(tuple(0.5 * rate for rate in STEADY))
    forged["ratios"]["ours / theirs"] |= {"median": 2.0, "floor": 3.0}
    assert not compare(result(STEADY), forged)[0].is_reproduced


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (later(STEADY, machine={"cpu": "another"}), "machines differ in cpu"),
        (
            later(STEADY, models={"ours": {"architecture": "twin", "crop": "whole"}}),
            "answered in ours: none and twin with crop whole",
        ),
        (later(STEADY, workload={"type": "closed loop", "clients": 8}), "workload"),
        (later(STEADY, schema="symmetra.bench.bench/1"), "schema"),
        (result(STEADY), "same run"),
        (later(STEADY[:4]), "4 rounds"),
        (later(STEADY, ratios={}), "ratios"),
        ({"schema": "symmetra.bench.peers/1", "workload": {"type": "closed loop", "clients": 32}}, "no two results"),
    ],
)
def test_what_would_say_nothing_is_refused_in_a_sentence(tmp_path: Path, second: dict, why: str) -> None:
    code, said = said_of(tmp_path, result(STEADY), second)
    assert code == NOT_COMPARABLE
    assert why in said
    assert said.count("\n") == 1


def test_the_floor_of_five_rounds_is_half_their_span_and_of_more_leaves_the_outermost_out() -> None:
    assert floor_of([1.0, 2.0, 3.0, 4.0, 4.0]) == pytest.approx(math.log(4) / 2)
    assert [ranks_outside(count) for count in (5, 6, 9, 15)] == [0, 0, 1, 3]
    assert floor_of([1.0, 1.0]) is None


def test_of_two_runs_of_the_same_thing_one_pair_in_twenty_differs() -> None:
    pairs = np.exp(np.random.default_rng(1).normal(0, 0.1, (10_000, 2, 5)))
    medians, floors = np.log(np.median(pairs, axis=2)), np.log(pairs.max(axis=2) / pairs.min(axis=2)) / 2
    assert floors[0, 0] == pytest.approx(floor_of(list(pairs[0, 0])))
    share = np.mean(np.abs(medians[:, 0] - medians[:, 1]) > np.hypot(floors[:, 0], floors[:, 1]))
    assert 0.03 < share < 0.055
