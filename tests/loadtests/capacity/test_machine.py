"""Busy cores, as Linux counts them."""

import datetime as dt
import os
from pathlib import Path

import pytest

from loadtests.capacity import machine
from loadtests.capacity.machine import MachineWatch, busy_seconds, cores
from tests.support.gateway_process import wait_until


def write(path: Path, *, user: int, idle: int, waiting: int) -> None:
    """In one go, as a reader of the real file sees it; guests are counted within user."""
    other = path.with_suffix(".new")
    other.write_text(f"cpu {user} 0 0 {idle} {waiting} 0 0 0 {user} 0\ncpu0 1 2 3\n")
    other.replace(path)


def test_time_that_somebody_used_is_busy_and_idle_time_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "STAT", tmp_path / "stat")
    write(tmp_path / "stat", user=5 * os.sysconf("SC_CLK_TCK"), idle=70_000, waiting=900)
    assert busy_seconds() == 5


def test_busy_cores_are_those_of_the_time_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "STAT", tmp_path / "stat")
    monkeypatch.setattr(machine, "LOOK_SECONDS", 0.01)
    write(tmp_path / "stat", user=100, idle=0, waiting=0)
    began = dt.datetime.now(dt.UTC)
    with MachineWatch() as watch:
        wait_until(lambda: watch.busy_cores(began, 3600) == 0)
        write(tmp_path / "stat", user=900, idle=0, waiting=0)
        wait_until(lambda: (watch.busy_cores(began, 3600) or 0) > 0)
    assert watch.busy_cores(began - dt.timedelta(hours=2), 60) is None


def test_a_system_that_does_not_count_so_is_not_guessed_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "STAT", tmp_path / "none")
    with MachineWatch() as watch:
        pass
    assert watch.busy_cores(dt.datetime.now(dt.UTC), 60) is None
    assert cores() >= 1
