"""Leaves out, by name, what needs kubectl and validators where .venv/k8s is not there; prints which point each test is for."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.support.image_roots import can_make_roots
from tests.support.left_out import LeftOut
from tests.support.manifests.renders import ROOT, everything, find_tool, share

HERE = Path(__file__).parent
REMEDY = "`make test-k8s` installs what is missing"
CRDS_VARIABLE = "SYMMETRA_CRDS"
MATRIX_VARIABLE = "SYMMETRA_K8S_MATRIX"
POINTS_PAGE = ROOT / "k8s/POINTS.md"
_points: pytest.StashKey[dict[int, list[str]]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "point(*numbers): the points of k8s/POINTS.md that this test holds the manifests to"
    )
    config.addinivalue_line("markers", "needs_tool(name): needs a program of .venv/k8s; kubectl if nothing is said")
    config.addinivalue_line(
        "markers", "needs_roots: mounts and changes roots, which wants root and a kernel that lets it"
    )
    config.addinivalue_line(
        "markers", f"needs_crds: needs definitions of others' kinds; {CRDS_VARIABLE} names their folder"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    dropped = []
    points = config.stash.setdefault(_points, {})
    for item in items:
        if HERE not in item.path.parents:
            continue
        reason = _what_is_missing(item)
        if reason:
            dropped.append(item)
            LeftOut(config).note(reason, [item.nodeid])
        for mark in item.iter_markers("point"):
            for number in mark.args:
                names = points.setdefault(number, [])
                name = re.sub(r"\[.*", "", item.nodeid) + (" (left out)" if reason else "")
                if name not in names:
                    names.append(name)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not os.environ.get(MATRIX_VARIABLE):
        return
    terminalreporter.section("the points of k8s/POINTS.md, and what holds the manifests to them", sep="-")
    points = config.stash.get(_points, {})
    for number, kinds in re.findall(r"^### (\d+)\. \[([SPD,]+)\]", POINTS_PAGE.read_text(), flags=re.MULTILINE):
        terminalreporter.line(f"{number:>2} {kinds:<5} {'; '.join(points.get(int(number), [])) or '-'}")


def _what_is_missing(item: pytest.Item) -> str | None:
    tools = [str(mark.args[0]) if mark.args else "kubectl" for mark in item.iter_markers("needs_tool")]
    missing = [tool for tool in tools if find_tool(tool) is None]
    if missing:
        return f"no {', '.join(missing)} in .venv/k8s or .venv/checkov; {REMEDY}"
    if item.get_closest_marker("needs_roots") and not can_make_roots():
        return "this user may not mount and change roots; as root, outside a container that forbids it"
    if item.get_closest_marker("needs_crds") and not os.environ.get(CRDS_VARIABLE):
        return f"{CRDS_VARIABLE} names no folder of custom resource definitions; an optional input"
    return None


@pytest.fixture(scope="session", autouse=True)
def _renders_once(tmp_path_factory):
    """Also where several processes share the tests of a run."""
    common = tmp_path_factory.getbasetemp()
    share((common.parent if "PYTEST_XDIST_WORKER" in os.environ else common) / "renders")


@pytest.fixture(scope="session")
def renders():
    """Every overlay and combination, rendered: name -> objects. Not to be changed."""
    return everything()
