"""k8s/POINTS.md: every point is there, every S point has its tests, and every test that is named is marked with it."""

import ast
import re
from pathlib import Path

from tests.support.manifests.renders import KUBERNETES

HERE = Path(__file__).parent
PAGE = KUBERNETES / "POINTS.md"


def marked_tests():
    """Point -> the tests that are marked with it."""
    found = {}
    for file in HERE.glob("test_*.py"):
        for node in ast.parse(file.read_text()).body:
            for mark in getattr(node, "decorator_list", []):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.point":
                    for number in mark.args:
                        found.setdefault(number.value, set()).add(f"{file.name}::{node.name}")
    return found


def documented_points():
    """Point -> its kinds, its text, the tests that it names."""
    sections = re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        number, kinds = re.match(r"(\d+)\. \[([SPD,]+)\]", section).groups()
        found[int(number)] = (kinds.split(","), section, set(re.findall(r"`(test_\w+\.py::\w+)`", section)))
    return found


def test_all_points_are_there_in_order():
    assert list(documented_points()) == list(range(1, 37))


def test_every_s_point_has_a_test_and_the_page_names_exactly_those_that_are_marked():
    marked = marked_tests()
    for number, (kinds, _, named) in documented_points().items():
        assert named == marked.get(number, set()), number
        assert named or "S" not in kinds, number


def test_every_p_point_says_how_it_will_be_seen_and_every_d_point_has_a_paragraph():
    for number, (kinds, text, _) in documented_points().items():
        assert ("\nP: " in text) == ("P" in kinds), number
        if "D" in kinds:
            assert len(text) > 300, number


def test_no_mark_names_a_point_that_is_not_there():
    assert set(marked_tests()) <= set(range(1, 37))
