"""What every command does when it is told to stop: no trace, and nothing that it started goes on."""

import io
import signal
import subprocess
import sys

import psutil
import pytest

from loadtests import __main__ as main
from loadtests.commands import sizing
from tests.support.gateway_process import PROJECT, wait_until

PARENT = """
import subprocess, sys, time
from loadtests.children import die_with_parent
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], preexec_fn=die_with_parent())
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_person_who_stops_a_command_reads_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sizing, "run", stopped)
    err = io.StringIO()
    assert main.run(["sizing"], {}, io.StringIO(), err) == 130
    assert err.getvalue().strip().startswith("stopped")


def test_what_was_started_ends_with_who_started_it_however_that_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=PROJECT) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
