"""Leaves out, by name, the tests whose system program, photos or CPU are not on this machine. Nothing is skipped in silence.

Also the toy models that several folders of tests copy from.
"""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.support.built_once import build_once
from tests.support.left_out import Deselected, LeftOut
from tests.support.shared_photos import PORTRAITS_FOLDER
from tests.support.sharing import GroupScheduling
from tests.support.system_programs import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

    from tests.support.postgresql import PostgresqlServer

# gRPC's own handling of forks would end a child that a test starts, where it comes before the child's exec.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

SYSTEM_REMEDY = "`make system-deps` installs what is missing"
CPU_REMEDY = "these tests see something on a CPU that has it only"
CPU_INFO = Path("/proc/cpuinfo")
PORTRAITS_REMEDY = "photos of real people are not part of this repository: robustness input only"


def pytest_configure(config: pytest.Config) -> None:
    # The same examples in every run, and no judgement by the clock: how fast a machine is at the moment says nothing.
    hypothesis.settings.register_profile(
        "symmetra", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("symmetra")
    config.addinivalue_line(
        "markers", "needs_portraits: reads the portraits beside the repository, where they are there"
    )
    config.addinivalue_line(
        "markers", "needs_cpu(feature): sees something only where the CPU has this, by Linux's name"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, dropped = [], []
    for item in items:
        reason = _what_is_missing(item)
        if reason is None:
            kept.append(item)
        else:
            dropped.append(item)
            LeftOut(config).note(reason, [item.nodeid])
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_deselected(items: list[pytest.Item | Deselected]) -> None:
    for item in items:
        if isinstance(item, pytest.Item):
            LeftOut(item.config).deselected.append(item.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    LeftOut(session.config).hand_over()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    LeftOut(node.config).take_over(getattr(node, "workeroutput", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    LeftOut(config).write(terminalreporter)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling | None:
    """Groups where files were asked for; any other way of sharing stays what it is."""
    return GroupScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def _what_is_missing(item: pytest.Item) -> str | None:
    programs = [str(program) for mark in item.iter_markers("needs_system") for program in mark.args]
    missing = [program for program in programs if find_program(program) is None]
    if missing:
        return f"{', '.join(missing)} not found on PATH; {SYSTEM_REMEDY}"
    if item.get_closest_marker("needs_portraits") and not PORTRAITS_FOLDER.is_dir():
        return f"no portraits; {PORTRAITS_REMEDY}"
    features = [str(feature) for mark in item.iter_markers("needs_cpu") for feature in mark.args]
    absent = [feature for feature in features if feature not in _cpu_features()]
    return f"the CPU has no {', '.join(absent)}; {CPU_REMEDY}" if absent else None


def _cpu_features() -> set[str]:
    listed = re.search(
        r"^(?:flags|Features)\s*:(.*)$", CPU_INFO.read_text() if CPU_INFO.is_file() else "", re.MULTILINE
    )
    return set(listed[1].split()) if listed else set()


@pytest.fixture(scope="session")
def toy_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`toys` with versions 1 (offset 2), 2 (offset 20) and 3 (offset 200); `old`, a TensorFlow 1 model."""
    # Imported here: TensorFlow takes seconds, and most tests do without.
    toys = importlib.import_module("tests.support.toy_models")

    def build(root: Path) -> None:
        for version, offset in ((1, 2.0), (2, 20.0), (3, 200.0)):
            toys.save_toys(root / "toys" / str(version), offset)
        toys.save_tensorflow_1_toy(root / "old" / "7")

    return build_once(tmp_path_factory, "toy-models", build)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A real PostgreSQL, started when the first test of this process asks for one; mark the test `needs_system("postgres")`."""
    # Imported here: most tests need neither it nor SQLAlchemy.
    with importlib.import_module("tests.support.postgresql").PostgresqlServer() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_system("postgres"))])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database for records with the tables of this release: the test runs once on each kind."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        url = server.new_database()
        yield url
        server.drop(url)
    else:
        yield importlib.import_module("tests.support.records").make_sqlite(tmp_path)
