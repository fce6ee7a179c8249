import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from serving.local.processes import ProcessFailed, ProcessGroup

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]
PARENT = """
import sys, time
from pathlib import Path
from serving.local.processes import ProcessGroup
group = ProcessGroup(Path(sys.argv[1])).__enter__()
print(group.start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"]), flush=True)
time.sleep(600)
"""


def wait_until_gone(pid, timeout_seconds=20.0):
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_children_end_when_the_block_is_left_by_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="planted"), ProcessGroup(tmp_path) as group:
        first = group.start("first", SLEEPER)
        second = group.start("second", SLEEPER)
        raise RuntimeError("planted")
    assert not psutil.pid_exists(first)
    assert not psutil.pid_exists(second)


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace_time(tmp_path, monkeypatch):
    monkeypatch.setattr("serving.local.processes.STOP_GRACE_SECONDS", 0.5)
    with ProcessGroup(tmp_path) as group:
        pid = group.start("stubborn", STUBBORN)
        group.wait_until("stubborn", lambda: "deaf" in (tmp_path / "stubborn.log").read_text(), timeout_seconds=20.0)
    assert not psutil.pid_exists(pid)


def test_a_child_that_ends_before_it_is_ready_is_reported_with_the_end_of_its_log(tmp_path):
    with ProcessGroup(tmp_path) as group:
        group.start("doomed", [sys.executable, "-c", "print('no model here'); raise SystemExit(3)"])
        with pytest.raises(ProcessFailed, match=r"doomed ended with exit code 3(.|\n)*no model here"):
            group.wait_until("doomed", lambda: False, timeout_seconds=60.0)


def test_a_child_that_never_gets_ready_is_given_up(tmp_path):
    with ProcessGroup(tmp_path) as group:
        group.start("silent", SLEEPER)
        with pytest.raises(ProcessFailed, match="silent was not ready"):
            group.wait_until("silent", lambda: False, timeout_seconds=0.2)


def test_a_child_ends_even_when_its_starter_is_killed_without_a_word(tmp_path):
    root = Path(__file__).resolve().parents[3]
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, cwd=root)
    try:
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert wait_until_gone(child)
    finally:
        parent.kill()
        parent.stdout.close()
        parent.wait()
